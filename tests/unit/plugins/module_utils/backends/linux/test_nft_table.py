# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a gateway's user: what is written, and what is found of it in listings of nft 1.0.6."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import (
    decode_entry,
    encode_entry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_table import (
    decode_table,
    encode_table,
    table_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    Clamp,
    Opening,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

POOL, POOL6, LAN = parse_prefix("10.9.0.0/24"), parse_prefix("fd09::/64"), parse_prefix("192.168.5.7")
# Each with the statements of its rule as nft lists them.
ENTRIES = [
    (
        Opening(4, INPUT, "udp", 51820),
        [
            {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 51820}},
            {"accept": None},
        ],
    ),
    (
        Opening(6, INPUT, "tcp", 53, source=POOL6, in_interface="wg0"),
        [
            {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wg0"}},
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "ip6", "field": "saddr"}},
                    "right": {"prefix": {"addr": "fd09::", "len": 64}},
                }
            },
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 53}},
            {"accept": None},
        ],
    ),
    (
        Opening(4, FORWARD, destination=LAN, in_interface="wan", out_interface="wg0", replies=True),
        [
            {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wan"}},
            {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "wg0"}},
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "ip", "field": "daddr"}},
                    "right": "192.168.5.7",
                }
            },
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
            {"accept": None},
        ],
    ),
    (
        Translation(4, POOL, "wan"),
        [
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                    "right": {"prefix": {"addr": "10.9.0.0", "len": 24}},
                }
            },
            {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "wan"}},
            {"masquerade": None},
        ],
    ),
    (
        Translation(6, POOL6, "wan", "2001:db8::2"),
        [
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "ip6", "field": "saddr"}},
                    "right": {"prefix": {"addr": "fd09::", "len": 64}},
                }
            },
            {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "wan"}},
            {"snat": {"family": "ip6", "addr": "2001:db8::2"}},
        ],
    ),
    (
        Clamp(6, out_interface="wg0"),
        [
            {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv6"}},
            {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "wg0"}},
            {"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}},
            {
                "mangle": {
                    "key": {"tcp option": {"name": "maxseg", "field": "size"}},
                    "value": {"rt": {"key": "mtu"}},
                }
            },
        ],
    ),
]


def chain(entry: Any) -> str:
    return entry.chain if isinstance(entry, Opening) else "other"


@pytest.mark.parametrize(("entry", "statements"), ENTRIES)
def test_a_rule_is_written_as_nft_lists_it_and_read_back(entry: Any, statements: Any) -> None:
    assert encode_entry(entry) == statements
    assert decode_entry(statements, chain(entry)) == entry
    assert (
        decode_entry([*statements[:-1], {"counter": {"packets": 1, "bytes": 60}}, statements[-1]], chain(entry))
        == entry
    )


@pytest.mark.parametrize(("entry", "statements"), ENTRIES)
def test_a_rule_that_says_more_or_less_is_not_the_entry(entry: Any, statements: Any) -> None:
    more = {"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 7}}
    assert decode_entry([more, *statements], chain(entry)) is None
    assert decode_entry([{"limit": {"rate": 3, "per": "second"}}, *statements], chain(entry)) is None
    for index in range(len(statements)):
        assert decode_entry(statements[:index] + statements[index + 1 :], chain(entry)) != entry
    negated = json.loads(json.dumps(statements))
    negated[0]["match"]["op"] = "!="
    assert decode_entry(negated, chain(entry)) is None


def test_a_match_that_is_known_in_part_makes_no_entry() -> None:
    flags = {"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}}
    assert decode_entry([ENTRIES[0][1][0], flags, {"accept": None}], INPUT) is None


def listing(user: str, entries: Any) -> list[dict[str, Any]]:
    """What nft lists after a transaction: each object that it adds, with a handle."""
    added = [command["add"] for command in encode_table(user, entries)[2:]]
    return [{kind: {**value, "handle": number} for kind, value in each.items()} for number, each in enumerate(added)]


def test_a_table_is_replaced_by_one_transaction_and_removed_by_one() -> None:
    commands = encode_table("corp", [entry for entry, _statements in ENTRIES])
    table = {"family": "inet", "name": "wgfleet_gateway_corp"}
    assert commands[:3] == [{"add": {"table": table}}, {"delete": {"table": table}}, {"add": {"table": table}}]
    assert encode_table("corp", []) == commands[:2]


def test_what_is_found_of_a_table_is_what_was_written() -> None:
    entries = [entry for entry, _statements in ENTRIES]
    objects = [*listing("corp", entries), *listing("guests", entries[:1])]
    found = decode_table("corp", objects)
    assert [rule.entry for rule in found] == entries
    assert {rule.owner for rule in found} == {"corp"}
    assert len({rule.handle for rule in found}) == len(entries)
    assert decode_table("nobody", objects) == []


def _asleep(objects: Any) -> None:
    objects[0]["table"]["flags"] = ["dormant"]


def _other_place(objects: Any) -> None:
    objects[1]["chain"]["prio"] = 300


def _policy(objects: Any) -> None:
    objects[1]["chain"]["policy"] = "drop"


def _stranger(objects: Any) -> None:
    objects.append({"chain": {"family": "inet", "table": table_name("corp"), "name": "mine", "handle": 99}})


def _emptied(objects: Any) -> None:
    del objects[1:]


@pytest.mark.parametrize("tamper", [_asleep, _other_place, _policy, _stranger, _emptied])
def test_what_makes_rules_mean_something_else_is_found(tamper: Any) -> None:
    objects = listing("corp", [ENTRIES[0][0]])
    assert [rule.entry for rule in decode_table("corp", objects)] == [ENTRIES[0][0]]
    tamper(objects)
    assert None in [rule.entry for rule in decode_table("corp", objects)]


def test_names_of_users_that_differ_give_tables_that_differ() -> None:
    names = ["corp", "Corp", "corp.1", "corp-1", "corp_1", "1corp"]
    assert len({table_name(name) for name in names}) == len(names)
