# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages say inside of sentences is true too: names of the collection, keys with values, quoted messages."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.tools.declaration_page import TABLES, keys
from ansible_collections.wgfleet.wireguard.tests.unit.docs.test_pages import (
    COLLECTION,
    PAGES,
    ROOT,
    action_groups,
    documented_variables,
    module_options,
    of_scenarios,
)

RST = [page for page in PAGES if page.suffix == ".rst"]
HOLE = "\0"
ROOMS = ("module_utils", "plugin_utils", "action")
# What the operating system and its libraries say, and what our messages quote.
OF_OTHERS = {"Connection refused", "certificate is not yet valid", "certificate has expired"}


def kinds() -> dict[str, set[str]]:
    """All that the collection has, by the word for its kind."""
    plugins = {kind: {path.stem for path in (ROOT / "plugins" / kind).glob("*.py")} for kind in ("filter", "lookup")}
    return {
        "module": {path.stem for path in (ROOT / "plugins/modules").glob("*.py")},
        "role": {path.name for path in (ROOT / "roles").iterdir()},
        "playbook": {path.stem for path in (ROOT / "playbooks").glob("*.yml")},
        "connection": {path.stem for path in (ROOT / "plugins/connection").glob("*.py")},
        "group": set(action_groups()),
        "network_os": {"routeros"},
        **plugins,
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_name_of_the_collection_that_a_page_gives_is_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    there = kinds()
    every = {"docsite", "tests", *itertools.chain(*there.values())}
    named = re.findall(rf"{re.escape(COLLECTION)}(\w+)(?:#(\w+))?", text)
    assert [name for name, kind in named if name not in (there[kind] if kind else every)] == []


def declaration_keys() -> dict[str, set[str]]:
    """The keys of a declaration, and the values that one may have where there is a choice."""
    found: dict[str, set[str]] = {}
    for each in itertools.chain.from_iterable(map(keys, TABLES)):
        found.setdefault(each.name, set()).update(each.choices)
    return found


def of_surveys() -> set[str]:
    """The keys of what is imported into AWX, which people may edit."""
    files = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "extensions/awx").glob("*.yml"))
    return set(re.findall(r"^[ -]*(\w+):", files, re.MULTILINE))


@pytest.mark.parametrize("page", RST, ids=lambda page: page.name)
def test_a_key_that_a_sentence_sets_is_one_that_there_is_and_takes_that_value(page: Path) -> None:
    declared = declaration_keys()
    options = {name for path in (ROOT / "plugins/modules").glob("*.py") for name in module_options(path.stem)}
    known = {*declared, *documented_variables(), *options, *of_scenarios(), *of_surveys()}
    for text in re.findall(r"``(\w+: [^`]+)``", page.read_text(encoding="utf-8")):
        ((key, value),) = yaml.safe_load(text).items()
        assert key in known, text
        assert key in options or not declared.get(key) or str(value) in declared[key], text


def literals() -> Iterator[str]:
    """Each text in the code of the collection, with a hole for each value that is filled in; not what explains code."""
    for path in (path for room in ROOMS for path in (ROOT / "plugins" / room).rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        explained = [node.value for node in nodes if isinstance(node, ast.Expr)]
        for node in (node for node in nodes if node not in explained):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SAID = "\n".join(set(literals()))


def is_said(clause: str) -> bool:
    """Whether the code has this clause, when up to two of its words are values that are filled in."""
    words = clause.split(" ")
    for number in range(3):
        for filled in itertools.combinations(range(len(words)), number):
            shown = [re.sub(r"[^,;:.]+", HOLE, word) if at in filled else word for at, word in enumerate(words)]
            if " ".join(shown) in SAID:
                return True
    return False


def quoted() -> list[str]:
    """The messages in the table of the guide to troubleshooting, and those in its sentences."""
    text = (ROOT / "docs/docsite/rst/guide_troubleshooting.rst").read_text(encoding="utf-8")
    return re.findall(r"(?<!\*)\*([^*\n]{6,})\*(?!\*)", text)


@pytest.mark.parametrize("message", quoted())
def test_a_message_that_the_guide_quotes_is_one_that_is_said(message: str) -> None:
    assert [each for each in message.split("; ") if each not in OF_OTHERS and not is_said(each)] == []


def test_a_message_that_nobody_says_is_found() -> None:
    assert len(quoted()) >= 10
    assert is_said("this kernel has no WireGuard, and wireguard-go is not installed")
    assert not is_said("this kernel has no WireGuard, so nothing can be done")
