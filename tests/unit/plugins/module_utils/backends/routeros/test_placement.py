# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule of a filter would drop what is to be let through."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway import placement
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import (
    RuleEntry,
    decode_filter,
    encode_entry,
    owner_of,
    words_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    TABLES,
    Clamp,
    Entry,
    Opening,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

PORT = Opening(4, "input", "udp", 13231)
PAIR = Opening(
    4,
    "forward",
    source=parse_prefix("10.1.0.0/24"),
    destination=parse_prefix("10.2.0.0/24"),
    in_interface="wg0",
)
DEFAULT = [
    {".id": "*80000001", "chain": "forward", "action": "passthrough", "dynamic": "true"},
    {".id": "*1", "chain": "input", "action": "accept", "connection-state": "established,related,untracked"},
    {".id": "*2", "chain": "input", "action": "drop", "connection-state": "invalid"},
    {".id": "*3", "chain": "input", "action": "accept", "protocol": "icmp"},
    {".id": "*4", "chain": "input", "action": "accept", "dst-address": "127.0.0.1"},
    {".id": "*5", "chain": "input", "action": "drop", "in-interface-list": "!LAN"},
    {".id": "*8", "chain": "forward", "action": "fasttrack-connection", "connection-state": "established,related"},
    {".id": "*A", "chain": "forward", "action": "drop", "connection-state": "invalid"},
    {".id": "*B", "chain": "forward", "action": "drop", "connection-state": "new", "in-interface-list": "WAN"},
]


def find_wall(rules: list[dict[str, str]], entry: RuleEntry) -> str | None:
    return placement.find_wall(rules, entry, {"ether1", "ether2", "wg0", "wg1"})


def wall(opening: Opening = PORT, **matchers: str) -> bool:
    """Tell whether a rule that drops what the matchers say is a wall."""
    row = {".id": "*1", "chain": opening.chain, "action": "drop"}
    row.update({name.replace("_", "-"): value for name, value in matchers.items()})
    return find_wall([row], opening) == "*1"


def test_the_walls_of_the_factory_settings_are_those_that_drop_new_packets() -> None:
    assert find_wall(DEFAULT, PORT) == "*5"
    assert find_wall(DEFAULT, PAIR) == "*B"


def test_an_empty_filter_has_no_wall() -> None:
    assert find_wall([], PORT) is None


@pytest.mark.parametrize("action", ["drop", "reject", "tarpit"])
def test_what_drops_everything_is_a_wall(action: str) -> None:
    assert wall(action=action)


@pytest.mark.parametrize("action", ["accept", "log", "passthrough", "fasttrack-connection", "return"])
def test_what_drops_nothing_is_none(action: str) -> None:
    assert not wall(action=action)


@pytest.mark.parametrize(
    "matchers",
    [
        {"disabled": "true"},
        {"dynamic": "true"},
        {"chain": "forward"},
        {"protocol": "tcp"},
        {"protocol": "!udp"},
        {"protocol": "6"},
        {"protocol": "!17"},
        {"dst_port": "500,4500"},
        {"dst_port": "1-1000"},
        {"dst_port": "!13000-14000"},
        {"connection_state": "invalid"},
    ],
)
def test_a_rule_that_cannot_match_is_no_wall(matchers: dict[str, str]) -> None:
    assert not wall(**matchers)


@pytest.mark.parametrize(
    "matchers",
    [
        {"protocol": "udp"},
        {"protocol": "!tcp"},
        {"protocol": "17"},
        {"protocol": "!6"},
        {"dst_port": "500,13000-14000"},
        {"dst_port": "!500"},
        {"dst_port": "wireguard"},
        {"connection_state": "invalid,new"},
        {"connection_state": "!established,related"},
        {"src_address": "203.0.113.0/24"},
        {"src_address_list": "blocked"},
        {"in_interface": "ether1"},
        {"limit": "1,5:packet"},
    ],
)
def test_a_rule_that_may_match_is_a_wall(matchers: dict[str, str]) -> None:
    assert wall(**matchers)


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ({"src_address": "10.0.0.0/8"}, True),
        ({"src_address": "10.1.0.7"}, True),
        ({"src_address": "10.9.0.0/16"}, False),
        ({"src_address": "10.1.0.200-10.1.1.3"}, True),
        ({"src_address": "10.9.0.1-10.9.0.5"}, False),
        ({"src_address": "!10.0.0.0/8"}, False),
        ({"src_address": "!10.1.0.0/25"}, True),
        ({"src_address": "some.host.example"}, True),
        ({"dst_address": "10.1.0.0/24"}, False),
        ({"in_interface": "wg0"}, True),
        ({"in_interface": "ether1"}, False),
        ({"in_interface": "!wg0"}, False),
        ({"in_interface": "all-ethernet"}, True),
        ({"in_interface": "all-vlan"}, True),
        ({"in_interface": "!all-ppp"}, True),
        ({"in_interface": "*F"}, True),
        ({"out_interface": "ether1"}, True),
        ({"protocol": "tcp", "dst_port": "25"}, True),
    ],
)
def test_addresses_and_interfaces_are_compared_by_what_they_mean(matchers: dict[str, str], expected: bool) -> None:
    assert wall(PAIR, **matchers) is expected


def test_a_jump_is_a_wall_if_what_it_leads_to_is_one() -> None:
    jump = {".id": "*1", "chain": "input", "action": "jump", "jump-target": "mine"}
    back = {".id": "*2", "chain": "mine", "action": "jump", "jump-target": "mine"}
    drop = {".id": "*3", "chain": "mine", "action": "drop"}
    assert find_wall([jump, back], PORT) is None
    assert find_wall([jump, {**drop, "protocol": "tcp"}], PORT) is None
    assert find_wall([jump, back, drop], PORT) == "*1"


def test_what_drops_new_connections_alone_is_no_wall_for_answers() -> None:
    answers = PAIR._replace(replies=True)
    assert not wall(answers, connection_state="new")
    assert wall(answers, connection_state="related,new")
    assert wall(answers)


@pytest.mark.parametrize(
    "opening",
    [PORT, PORT._replace(version=6), PORT._replace(protocol="tcp"), PAIR, PAIR._replace(replies=True)],
)
def test_a_rule_reads_back_as_what_it_opens(opening: Opening) -> None:
    row = {".id": "*1", "disabled": "false", **dict(encode_entry(opening, "corp"))}
    [rule] = decode_filter({("filter", opening.version): [row]}, []).rules
    assert (rule.entry, rule.owner) == (opening, "corp")
    assert set(row) <= set(words_of(("filter", opening.version), Release(7, 22)))


@pytest.mark.parametrize(
    "change",
    [{"disabled": "true"}, {"action": "drop"}, {"src-address-list": "friends"}, {"protocol": "tcp"}, {"dst-port": ""}],
)
def test_a_rule_that_someone_has_changed_opens_nothing(change: dict[str, str]) -> None:
    row = {".id": "*1", **dict(encode_entry(PORT, "corp")), **change}
    [rule] = decode_filter({("filter", 4): [row]}, []).rules
    assert rule.entry != PORT


@pytest.mark.parametrize(
    ("comment", "owner"),
    [
        ("wgfleet corp: udp 13231", "corp"),
        ("wgfleet corp", ""),
        ("defconf: fasttrack", ""),
        ("", ""),
        ("wgfleets corp: x", ""),
    ],
)
def test_only_our_tag_makes_a_rule_ours(comment: str, owner: str) -> None:
    assert owner_of({"comment": comment}) == owner


# --- Translations and clamps

POOL, POOL6 = parse_prefix("10.9.0.0/24"), parse_prefix("fd00:9::/64")
HIDE = Translation(4, POOL, "ether1")
FIT = Clamp(4, in_interface="wg0")
DEFAULT_NAT = {".id": "*1", "chain": "srcnat", "action": "masquerade", "out-interface-list": "WAN"}


@pytest.mark.parametrize(
    ("entry", "row", "expected"),
    [
        (HIDE, DEFAULT_NAT, True),
        (HIDE, {**DEFAULT_NAT, "src-address": "192.168.88.0/24"}, False),
        (HIDE, {**DEFAULT_NAT, "out-interface": "ether1"}, True),
        (HIDE, {**DEFAULT_NAT, "out-interface": "ether2"}, False),
        (HIDE, {**DEFAULT_NAT, "action": "log"}, False),
        (HIDE, {**DEFAULT_NAT, "chain": "dstnat", "action": "accept"}, False),
        (HIDE, {**DEFAULT_NAT, "comment": "wgfleet home: 10.9.0.0/24 out by ether1"}, False),
        (FIT, {".id": "*1", "chain": "forward", "action": "accept"}, True),
        (FIT, {".id": "*1", "chain": "forward", "action": "accept", "protocol": "udp"}, False),
        (FIT, {".id": "*1", "chain": "forward", "action": "mark-packet", "passthrough": "true"}, False),
        (FIT, {".id": "*1", "chain": "forward", "action": "mark-packet", "passthrough": "false"}, True),
    ],
)
def test_a_rule_that_would_have_the_packets_first_is_a_wall(
    entry: RuleEntry, row: dict[str, str], expected: bool
) -> None:
    assert (find_wall([row], entry) == "*1") is expected


@pytest.mark.parametrize("action", ["accept", "return"])
@pytest.mark.parametrize("matchers", [{"ipsec-policy": "out,ipsec"}, {"dst-address": "172.16.0.0/12"}, {}])
def test_what_someone_exempts_from_translation_stays_before_ours(action: str, matchers: dict[str, str]) -> None:
    exempt = {".id": "*7", "chain": "srcnat", "action": action, **matchers}
    assert find_wall([exempt], HIDE) is None
    assert find_wall([exempt, DEFAULT_NAT], HIDE) == "*1"


def test_a_translation_leaves_alone_what_ipsec_takes_and_one_that_does_not_is_made_anew() -> None:
    row = {".id": "*1", **dict(encode_entry(HIDE, "corp"))}
    assert row["ipsec-policy"] == "out,none"
    for changed in ({**row, "ipsec-policy": "out,ipsec"}, {**row, "ipsec-policy": ""}):
        [rule] = decode_filter({("nat", 4): [changed]}, []).rules
        assert (rule.entry, rule.owner) == (None, "corp")


def test_a_return_behind_a_jump_only_goes_back() -> None:
    jump = {".id": "*1", "chain": "forward", "action": "jump", "jump-target": "mine"}
    assert find_wall([jump, {".id": "*2", "chain": "mine", "action": "return"}], FIT) is None
    assert find_wall([jump, {".id": "*2", "chain": "mine", "action": "accept"}], FIT) == "*1"
    assert find_wall([{".id": "*2", "chain": "forward", "action": "return"}], FIT) == "*2"


def test_a_translation_behind_a_jump_is_a_wall() -> None:
    jump = {".id": "*1", "chain": "srcnat", "action": "jump", "jump-target": "mine"}
    assert find_wall([jump, {".id": "*2", "chain": "mine", "action": "masquerade"}], HIDE) == "*1"


@pytest.mark.parametrize(
    "entry",
    [
        HIDE,
        Translation(6, POOL6, "ether1"),
        HIDE._replace(to_address="192.0.2.1"),
        Translation(6, POOL6, "ether1", "2001:db8::1"),
        FIT,
        Clamp(6, out_interface="wg0"),
    ],
)
def test_a_translation_or_clamp_reads_back_as_what_it_does(entry: Entry) -> None:
    table = (TABLES[type(entry)], entry.version)
    row = {".id": "*1", "disabled": "false", **dict(encode_entry(entry, "corp"))}
    row.update({"passthrough": "true"} if table[0] == "mangle" else {})
    [rule] = decode_filter({table: [row]}, []).rules
    assert (rule.entry, rule.owner) == (entry, "corp")
    assert set(row) <= set(words_of(table, Release(7, 22)))


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        (HIDE, {"to-addresses": "192.0.2.1", "action": "src-nat"}),
        (HIDE, {"action": "accept"}),
        (HIDE, {"to-ports": "1000-2000"}),
        (HIDE, {"protocol": "tcp"}),
        (HIDE, {"src-address": ""}),
        (FIT, {"new-mss": "1300"}),
        (FIT, {"tcp-flags": "syn,!ack"}),
        (FIT, {"passthrough": "false"}),
        (FIT, {"chain": "postrouting"}),
    ],
)
def test_a_translation_or_clamp_that_someone_has_changed_is_another(entry: Entry, change: dict[str, str]) -> None:
    row = {".id": "*1", **dict(encode_entry(entry, "corp")), **change}
    [rule] = decode_filter({(TABLES[type(entry)], 4): [row]}, []).rules
    assert rule.entry != entry
