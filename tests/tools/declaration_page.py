# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that explains every key of the declaration, made of the role's argument specification.

Rules of this file: what a key means is written in the specification and nowhere else; the page is in the repository,
because those who build sites read it from there, and a test compares it with what is made here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "roles/wireguard/meta/argument_specs.yml"
PAGE = ROOT / "docs/docsite/rst/guide_declaration.rst"

# The dictionaries of a declaration, in the order of the page: where they are, what they are called.
TABLES = {
    "NETWORK": "A network",
    "NETWORK.members.MEMBER": "A member",
    "NETWORK.members.MEMBER.gateway": "The gateway of a member",
    "NETWORK.members.MEMBER.split": "The split of a member",
    "NETWORK.members.MEMBER.split.rir": "Countries in a split",
    "NETWORK.members.MEMBER.dns": "Name servers of a member",
    "NETWORK.gateways.GATEWAY": "A gateway",
    "NETWORK.clients.CLIENT": "A client",
}

HEAD = """\
..
  SPDX-FileCopyrightText: 2026 wgfleet contributors
  SPDX-License-Identifier: GPL-3.0-or-later

  Made by tests/tools/declaration_page.py of roles/wireguard/meta/argument_specs.yml: change that, and run ./dev pages.

.. _ansible_collections.wgfleet.wireguard.docsite.guide_declaration:

The declaration, key by key
===========================

A network is declared once, in ``group_vars/all/wireguard.yml``, for all of its hosts:

.. code-block:: yaml

   wireguard_networks:
     corp:                          # a network
       pool: [10.255.255.0/24]
       members:
         office1:                   # a member
           endpoint: vpn.example.net
           routes: [10.1.202.0/24]
         branch:
           nat: true
           routes: [192.168.88.0/24]
       gateways:
         office1:                   # a gateway
           serve_dns: true
       clients:
         alice-phone:               # a client
           via: [office1]
           profile: full

This page explains what each of these dictionaries may have. Where a key is not required and has no default, there is
none, or what its text says. A key that is not on this page is refused. All mistakes of a declaration are reported at
once, each with its place, before anything is written. What brings a declaration to hosts, to which of them, and how a
run prints less: see :ref:`the playbooks <ansible_collections.wgfleet.wireguard.docsite.guide_playbooks>`.

.. contents::
   :local:
   :depth: 1
"""


class Key(NamedTuple):
    """One key of a dictionary of the declaration."""

    name: str
    kind: str
    required: bool
    default: Any  # None: there is none
    choices: tuple[str, ...]
    meaning: tuple[str, ...]  # paragraphs, in Ansible's markup
    example: str  # one line of YAML


def declaration() -> dict[str, Any]:
    """Read the options of `wireguard_networks` out of the specification."""
    entries = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["argument_specs"]
    options = entries["declaration"]["options"]["wireguard_networks"]["options"]
    assert isinstance(options, dict)
    return options


def keys(place: str) -> list[Key]:
    """Give the keys of a dictionary, in the order of the specification."""
    inner: dict[str, Any] = {"options": declaration()}
    for name in place.split("."):
        inner = inner["options"][name]
    return [key(name, option) for name, option in inner["options"].items()]


def key(name: str, option: dict[str, Any]) -> Key:
    """Read one option. The last paragraph of its description is its example."""
    paragraphs = [option["description"]] if isinstance(option["description"], str) else option["description"]
    found = re.fullmatch(r"For example, C\((.*)\)\.", paragraphs[-1])
    assert found, f"{name}: the description does not end with 'For example, C(...).'"
    kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    return Key(
        name=name,
        kind=KINDS[kind],
        required=option.get("required", False),
        default=option.get("default"),
        choices=tuple(option.get("choices", ())),
        meaning=tuple(paragraphs[:-1]),
        example=found[1],
    )


KINDS = {
    "bool": "boolean",
    "dict": "dictionary",
    "int": "integer",
    "list of dict": "list of dictionaries",
    "list of list": "list of lists",
    "list of path": "list of paths",
    "list of str": "list of strings",
    "raw": "string or dictionary",
    "str": "string",
}


def page() -> str:
    """Give the whole page."""
    return HEAD + "".join(section(title, keys(place)) for place, title in TABLES.items())


def section(title: str, content: list[Key]) -> str:
    """Give one table with its heading."""
    lines = ["", title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1", "   :widths: 20 25 55", ""]
    for row in [["key", "type", "meaning"], *map(cells, content)]:
        for index, cell in enumerate(row):
            first, *more = cell.split("\n")
            lines.append(("   * - " if not index else "     - ") + first)
            lines.extend(f"       {line}".rstrip() for line in more)
    return "\n".join(lines) + "\n"


def cells(each: Key) -> list[str]:
    """Give one row of a table."""
    meaning = [*map(restructured, each.meaning), f"Example: {code(each.example)}"]
    return [code(each.name), "\n\n".join(facts(each)), "\n\n".join(meaning)]


def facts(each: Key) -> Iterator[str]:
    """Say what a key takes."""
    yield each.kind
    if each.choices:
        yield "one of " + ", ".join(map(code, each.choices))
    if each.required:
        yield "**required**"
    if each.default is not None:
        yield "default " + code(each.default if isinstance(each.default, str) else json.dumps(each.default))


def code(text: str) -> str:
    """Quote what is typed."""
    return f"``{text}``"


def restructured(paragraph: str) -> str:
    """Turn Ansible's markup to reStructuredText."""
    paragraph = re.sub(r"O\(declaration:[\w.]*\.(\w+)\)", r"``\1``", paragraph)
    paragraph = re.sub(r"O\(([^)]*#[^)]*)\)", r":ansopt:`\1`", paragraph)
    paragraph = re.sub(r"M\(([^)]*)\)", r":ansplugin:`\1#module`", paragraph)
    paragraph = re.sub(r"[CV]\(([^)]*)\)", r"``\1``", paragraph)
    assert not re.search(r"\b[A-Z]\(", paragraph), f"unknown markup: {paragraph}"
    return paragraph


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
