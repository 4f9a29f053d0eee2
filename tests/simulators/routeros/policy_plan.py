# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks as numbers, and the rules that choose a routing table, as lines of ip(8) (firewall manual).

Rules of this file: no I/O. The router looks at its own addresses first, then at the user's rules, then at what mangle
marked, then at the main table. A routing mark is the number of its table. A lookup that is only in a table does not go
on where that has no route (Policy Routing manual, the example of a backup).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_plan import MAIN, PROTOCOL, table_numbers
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import Links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration

FASTTRACKED = 0x80000000  # in the mark of a connection
_USER, _MANGLE = 10000, 20000  # priorities
_MANGLES = ("/ip/firewall/mangle", "/ipv6/firewall/mangle")
_ACTIONS = {
    "lookup": ("lookup {}",),
    "lookup-only-in-table": ("lookup {}", "unreachable"),
    "drop": ("blackhole",),
    "unreachable": ("unreachable",),
}


@dataclass(frozen=True)
class Marks:
    """Numbers of connection marks, and of the tables that are routing marks, by name."""

    connections: dict[str, int]
    tables: dict[str, int]


def marks(configuration: Configuration) -> Marks:
    """Number the marks in the order of their names."""
    names = {
        row["new-connection-mark"] for menu in _MANGLES for row in configuration[menu] if "new-connection-mark" in row
    }
    tables = {name: int(number) for name, number in table_numbers(configuration).items()}
    return Marks({name: number for number, name in enumerate(sorted(names), 1)}, tables)


def wanted_rules(configuration: Configuration, links: Links) -> set[str]:
    """Give the rules, each with its family, in the words of ``ip rule``."""
    found: set[str] = set()
    tables = table_numbers(configuration)
    for index, row in enumerate(configuration["/routing/rule"]):
        if row["disabled"] != "true":
            found |= set(_user_rule(_USER + 2 * index, row, tables, links))
    for name, number in tables.items():
        if name != "main":
            found |= {f"{family} priority {_MANGLE + int(number)} fwmark {number} lookup {number}" for family in _BOTH}
    return {f"{rule} protocol {PROTOCOL}" for rule in found}


_BOTH = ("-4", "-6")


def _user_rule(priority: int, row: dict[str, str], tables: dict[str, str], links: Links) -> Iterator[str]:
    suppressed = f" suppress_prefixlength {row['min-prefix']}" if "min-prefix" in row else ""
    table = tables.get(row.get("table", "main"), MAIN) + suppressed
    if row["action"] not in _ACTIONS:
        return
    words = []
    for name, word in (("src-address", "from"), ("dst-address", "to")):
        if name in row:
            words.append(f"{word} {row[name]}")
    if "interface" in row:
        if links.of(row["interface"]) is None:
            return
        words.append(f"iif {links.of(row['interface'])}")
    if "routing-mark" in row:
        words.append(f"fwmark {tables.get(row['routing-mark'], '0xffffffff')}")
    addresses = row.get("src-address", "") + row.get("dst-address", "")
    families = _BOTH if not addresses else ("-6",) if ":" in addresses else ("-4",)
    for family in families:
        for number, action in enumerate(_ACTIONS[row["action"]], priority):
            yield " ".join([family, f"priority {number}", *words, action.format(table)])
