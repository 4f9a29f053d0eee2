# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of others in nftables: what a listing of the ruleset tells of them, and our rules in them.

Rules of this file: no I/O. Only filter chains at input and forward are looked at, since a packet for the host or
through it meets no other that an opening could be for. The words are those of libnftables-json(5).
"""

from __future__ import annotations

from typing import Any, Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    ACCEPT,
    DROP,
    GOTO,
    JUMP,
    RETURN,
    TAG,
    ForeignChain,
    ForeignRule,
    user_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import (
    Statement,
    decode_opening,
    encode_opening,
    test_of,
    tests_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.rule_tests import (
    UNKNOWN,
    RuleTest,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FilterRule,
    Handle,
    Opening,
)

PREFIX = "nftables "  # and FAMILY TABLE CHAIN: the name of such a chain as a firewall
_VERSIONS = {"inet": frozenset([4, 6]), "ip": frozenset([4]), "ip6": frozenset([6])}
_HOOKS = ("input", "forward")
_SILENT = ("counter", "log", "mangle", "notrack", "match")
_VERDICTS = {ACCEPT: ACCEPT, DROP: DROP, "reject": DROP, RETURN: RETURN, JUMP: JUMP, GOTO: GOTO}


class TableName(NamedTuple):
    """A table of nftables."""

    family: str
    name: str


def decode_chains(
    objects: Sequence[Mapping[str, Any]], passed_over: Collection[TableName]
) -> dict[TableName, dict[str, ForeignChain]]:
    """Give the chains of all tables but some. `objects` are those of a listing of the whole ruleset."""
    tables: dict[TableName, dict[str, ForeignChain]] = {}
    rules: dict[tuple[TableName, str], list[ForeignRule]] = {}
    for each in objects:
        kind, value = next(iter(each.items()))
        if kind not in ("chain", "rule") or value.get("family") not in _VERSIONS:
            continue
        table = TableName(value["family"], str(value["table"]))
        if table in passed_over:
            continue
        if kind == "chain":
            tables.setdefault(table, {})[str(value["name"])] = _chain(table, value)
        else:
            place = (table, str(value["chain"]))
            rules.setdefault(place, []).extend(_branches(value, tables[table][place[1]]))
    return {
        table: {name: chain._replace(rules=rules.get((table, name), [])) for name, chain in chains.items()}
        for table, chains in tables.items()
    }


def encode_addition(opening: Opening, user: str, before: Handle | None) -> Statement:
    """Give the command that adds a rule to the chain that `opening.firewall` names."""
    place = _place(opening.firewall)
    rule = {**place, "expr": encode_opening(opening, str(place["family"])), "comment": TAG + user}
    if before is None:
        return {"add": {"rule": rule}}
    return {"insert": {"rule": {**rule, "handle": int(before.id)}}}


def encode_removal(handle: Handle) -> Statement:
    """Give the command that removes a rule."""
    return {"delete": {"rule": {**_place(handle.table), "handle": int(handle.id)}}}


def chain_words(firewall: str) -> list[str]:
    """Give family, table and chain of such a chain."""
    return firewall[len(PREFIX) :].split(" ", 2)


def encode_first(opening: Opening, user: str) -> Statement:
    """Give the command that puts a rule before all others of its chain."""
    place = _place(opening.firewall)
    rule = {**place, "expr": encode_opening(opening, str(place["family"])), "comment": TAG + user}
    return {"insert": {"rule": rule}}


def _place(firewall: str) -> dict[str, Any]:
    return dict(zip(("family", "table", "chain"), chain_words(firewall)))


def _chain(table: TableName, value: Mapping[str, Any]) -> ForeignChain:
    is_base = value.get("type") == "filter" and value.get("hook") in _HOOKS
    return ForeignChain(
        firewall=f"{PREFIX}{table.family} {table.name} {value['name']}",
        hook=str(value["hook"]) if is_base else "",
        versions=_VERSIONS[table.family],
        drops=is_base and value.get("policy") == "drop",
    )


def _branches(value: Mapping[str, Any], chain: ForeignChain) -> Iterator[ForeignRule]:
    """Give the rule, or where it looks its verdict up in a map, one branch for each."""
    statements = value.get("expr", ())
    owner = user_of(value.get("comment"))
    entry = decode_opening(statements, chain.hook, str(value["family"])) if owner and chain.hook else None
    entry = entry._replace(firewall=chain.firewall) if entry else None
    rule = FilterRule(Handle(chain.firewall, 0, str(value["handle"])), owner, entry)
    tests = (*tests_of(statements), *_conditions(statements))
    last = statements[-1] if statements else {}
    word = next((word for word in _VERDICTS if word in last), "")
    if "vmap" in last:
        yield from (ForeignRule(rule, (*tests, test), *verdict) for test, verdict in _map_branches(last["vmap"]))
    else:
        yield ForeignRule(rule, tests, *_verdict(word, last))


def _verdict(word: str, statement: Mapping[str, Any]) -> tuple[str, str]:
    target = statement[word].get("target", "") if word in (JUMP, GOTO) else ""
    return _VERDICTS.get(word, ""), str(target)


def _conditions(statements: Iterable[Statement]) -> Iterator[RuleTest]:
    """Give an unknown test for each statement that may end a rule early, such as a limit."""
    for each in statements:
        word = next(iter(each), "")
        if word not in _SILENT and word not in _VERDICTS and word != "vmap":
            yield UNKNOWN


def _map_branches(vmap: Mapping[str, Any]) -> Iterator[tuple[RuleTest, tuple[str, str]]]:
    data = vmap.get("data")
    elements = data.get("set") if isinstance(data, Mapping) else None
    if elements is None:  # a map with a name, whose elements are not listed here
        yield UNKNOWN, (DROP, "")
        return
    for key, verdict in elements:
        word = next((word for word in _VERDICTS if word in verdict), "")
        yield test_of({"op": "==", "left": vmap.get("key"), "right": key}), _verdict(word, verdict)
