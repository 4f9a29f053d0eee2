# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks are as strict as they are said to be, and what is let pass is let pass with a reason in words."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CHECKS = (
    "ruff check", "ruff format --check", "mypy", "lint-imports", "yamllint --strict", "reuse lint",
    "antsibull-changelog lint", "antsibull-docs lint-collection-docs --plugin-docs", "ansible-lint --offline --strict",
)  # fmt: skip
FOLDERS = ("plugins", "roles", "playbooks", "molecule", "extensions", "docs", "meta", "tests")
SUPPRESSION = re.compile(r"#\s*(?:noqa|type: ignore|pylint: disable|pragma|yamllint disable)[^#]*(#.*)?$")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def suppressions() -> list[tuple[str, int, list[str]]]:
    """Where a check is switched off: file, number of the line, and that line with the one before."""
    found = []
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")):
        if path.suffix in {".py", ".yml"}:
            lines = ["", *path.read_text(encoding="utf-8").splitlines()]
            pairs = enumerate(zip(lines, lines[1:]), 1)
            found += [
                (str(path.relative_to(ROOT)), at, list(pair)) for at, pair in pairs if SUPPRESSION.search(pair[1])
            ]
    return found


def test_lint_runs_every_check() -> None:
    (stage,) = re.findall(r"^stage_lint\(\) \{.*?^\}", read("dev"), re.DOTALL | re.MULTILINE)
    assert [check for check in CHECKS if f"\n{check}" not in stage] == []
    assert "shellcheck" in stage


@pytest.mark.parametrize("suppression", suppressions(), ids=lambda found: f"{found[0]}:{found[1]}")
def test_a_check_that_is_switched_off_says_why(suppression: tuple[str, int, list[str]]) -> None:
    _path, _number, (before, line) = suppression
    found = SUPPRESSION.search(line)
    assert found
    assert found[1] or before.strip().startswith("#")


def test_no_test_quiets_mypy_which_does_not_read_it() -> None:
    quiet = [path for path, _number, (_before, line) in suppressions() if "type: ignore[" in line]
    assert [path for path in quiet if not path.startswith("plugins/")] == []


def test_ansible_lint_has_its_strictest_profile_and_no_list_of_exceptions() -> None:
    config: dict[str, Any] = yaml.safe_load(read(".ansible-lint"))
    assert config == {
        "profile": "production",
        "offline": True,
        "exclude_paths": [".ansible/", ".venv/", "changelogs/"],
    }
    ignored = (".ansible-lint-ignore", ".config/ansible-lint-ignore.txt")
    assert [path for path in ignored if (ROOT / path).exists()] == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the standard library has tomllib from 3.11 on")
def test_mypy_is_strict_on_all_plugins_and_ruff_says_why_where_it_is_not() -> None:
    import tomllib

    tools = tomllib.loads(read("pyproject.toml"))["tool"]
    assert tools["mypy"]["strict"]
    assert tools["mypy"]["packages"] == ["ansible_collections.wgfleet.wireguard.plugins"]
    relaxed = [name for name, value in tools["mypy"].items() if value is False]
    loose = [f"{name} = false" for name in relaxed] + ["follow_untyped_imports = true", "implicit_reexport = true"]
    loose += [f'    "{rule}",' for rule in tools["ruff"]["lint"]["ignore"]]
    loose += [f'"{path}" = ' for path in tools["ruff"]["lint"]["per-file-ignores"]]
    lines = read("pyproject.toml").splitlines()
    assert [text for text in loose if not any(line.startswith(text) and " # " in line for line in lines)] == []
    assert not any("ignore_errors" in line for line in lines)


def test_nothing_is_left_out_of_yamllint_but_what_tools_make() -> None:
    config: dict[str, Any] = yaml.safe_load(read(".yamllint"))
    made = ["/.ansible/", "/.venv/", "/changelogs/.plugin-cache.yaml", "/changelogs/changelog.yaml"]
    assert (config["extends"], config["ignore"].split()) == ("default", made)
    assert [name for name, value in config["rules"].items() if value in (False, "disable")] == ["comments-indentation"]


def test_the_licence_of_every_file_is_checked_where_it_stands() -> None:
    text = read("REUSE.toml")
    assert text.count("[[annotations]]") == 1
    (paths,) = re.findall(r"path = \[(.*)\]", text)
    assert {path.strip().rpartition(".")[2] for path in paths.replace('"', "").split(",")} == {"rst", "yaml", "txt"}
    assert "*" not in paths
