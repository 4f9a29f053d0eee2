# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nftables table of one user of a gateway: its entries as one transaction, and what is found of it.

Rules of this file: no I/O. A table is only ever written as a whole, by one transaction, so that the kernel has either
what was or what shall be. Connections keep their translation meanwhile: conntrack has it, not the table. Anything in
the table that does not amount to an entry is found as a rule that is not in force, so that the table is written anew.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import (
    Statement,
    TableEntry,
    decode_entry,
    encode_entry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    TABLES,
    Clamp,
    FilterRule,
    Handle,
    Opening,
)

PREFIX = "wgfleet_gateway_"
_FAMILY = "inet"
_CLAMP, _POSTROUTING = "clamp", "postrouting"


class _Hook(NamedTuple):
    type: str
    hook: str
    prio: int


# Openings come before the chains of most others, and so do translations: the first chain that translates a connection
# decides. The size of segments is changed where iptables does that, in the place of its mangle table.
_CHAINS: Mapping[str, _Hook] = {
    INPUT: _Hook("filter", "input", -10),
    FORWARD: _Hook("filter", "forward", -10),
    _CLAMP: _Hook("filter", "forward", -150),
    _POSTROUTING: _Hook("nat", "postrouting", 90),
}


def table_name(user: str) -> str:
    """Give the name of a user's table. Names of users need no other form: nftables takes all of their characters."""
    return PREFIX + user


def encode_table(user: str, entries: Sequence[TableEntry]) -> list[Statement]:
    """Give the transaction after which a user's table has just these entries; without entries there is none."""
    table = {"family": _FAMILY, "name": table_name(user)}
    # Adding what is there does nothing, so that the deletion is never refused.
    commands: list[Statement] = [{"add": {"table": table}}, {"delete": {"table": table}}]
    if not entries:
        return commands
    commands.append({"add": {"table": table}})
    place = {"family": _FAMILY, "table": table["name"]}
    used = {_chain_of(entry) for entry in entries}
    for name, hook in _CHAINS.items():
        if name in used:
            commands.append({"add": {"chain": {**place, "name": name, **hook._asdict(), "policy": "accept"}}})
    for entry in entries:
        rule = {**place, "chain": _chain_of(entry), "expr": encode_entry(entry)}
        commands.append({"add": {"rule": rule}})
    return commands


def decode_table(user: str, objects: Iterable[Mapping[str, Any]]) -> list[FilterRule]:
    """Give the rules of a user's table. `objects` are those of a listing of the whole ruleset."""
    name = table_name(user)
    found = [(kind, each) for kind, each in _kinds(objects) if _is_in(kind, each, name)]
    asleep = any(kind == "table" and each.get("flags") for kind, each in found)
    sound = set() if asleep else {each["name"] for kind, each in found if kind == "chain" and _is_sound(each)}
    rules = []
    for kind, each in found:
        if kind == "rule":
            chain = str(each["chain"])
            entry = decode_entry(each.get("expr", ()), chain) if chain in sound else None
            entry = entry if entry is not None and _chain_of(entry) == chain else None
            rules.append(FilterRule(_handle(entry, str(each["handle"])), user, entry))
        elif kind == "table" or (kind == "chain" and each["name"] in sound):
            continue
        else:
            rules.append(FilterRule(_handle(None, f"{kind} {each.get('name')}"), user))
    if not rules and found:
        rules.append(FilterRule(_handle(None, "table"), user))
    return rules


def _kinds(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in objects:
        for kind, value in each.items():
            if isinstance(value, Mapping):
                yield kind, value


def _is_in(kind: str, value: Mapping[str, Any], table: str) -> bool:
    return value.get("family") == _FAMILY and value.get("name" if kind == "table" else "table") == table


def _is_sound(chain: Mapping[str, Any]) -> bool:
    hook = _CHAINS.get(str(chain["name"]))
    found = tuple(chain.get(field) for field in ("type", "hook", "prio"))
    return hook is not None and found == tuple(hook) and chain.get("policy", "accept") == "accept"


def _chain_of(entry: TableEntry) -> str:
    if isinstance(entry, Opening):
        return entry.chain
    return _CLAMP if isinstance(entry, Clamp) else _POSTROUTING


def _handle(entry: TableEntry | None, identity: str) -> Handle:
    return Handle(TABLES[Opening if entry is None else type(entry)], 0, identity)
