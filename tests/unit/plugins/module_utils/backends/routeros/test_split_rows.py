# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.split.rows import (
    FILTER,
    MANGLE,
    NAMES,
    NAT,
    ROUTE,
    TABLE,
    Wanted,
    anchor,
    attributes_of,
    content_of,
    entries_of,
    entry_attributes,
    entry_content,
    entry_text,
    is_fetched,
    part_name,
    sources_of,
    wanted_rows,
    words_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    SplitTunnel,
    read_split_tunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix


def tunnel(**options: Any) -> SplitTunnel:
    return read_split_tunnel({"interface": "wg0", "prefixes": ["10.0.0.0/9"], **options})


def all_rows(*fasttracks: int, **options: Any) -> list[Wanted]:
    return list(wanted_rows(tunnel(**options), (4,), 13231, fasttracks))


def test_a_row_is_recognised_as_it_was_written() -> None:
    for wanted in all_rows(4, dns=[{"servers": ["10.0.0.1"], "domains": ["corp.example"]}]):
        written = dict(attributes_of(wanted, "wg0"))
        assert part_name(wanted.version, written) == wanted.name
        # A router prints yes as true, and the flag fib without a value.
        printed = {name: {"yes": "true", "no": "false"}.get(text, text) for name, text in written.items()}
        printed.update({"fib": ""} if "fib" in printed else {}, disabled="false")
        assert content_of(wanted.kind, printed) == content_of(wanted.kind, written)


@pytest.mark.parametrize(
    "change",
    [
        {"src-address": "10.0.0.1"},
        {"disabled": "true"},
        {"action": "accept"},
        {"src-mac-address": "00:00:5E:00:53:01"},
        {"ipsec-policy": "in,ipsec"},
        {"connection-nat-state": "srcnat"},
        {"random": "50"},
    ],
)
def test_a_rule_that_someone_changed_differs(change: dict[str, str]) -> None:
    wanted = next(row for row in all_rows() if row.kind == MANGLE)
    written = dict(attributes_of(wanted, "wg0"))
    assert content_of(MANGLE, {**written, **change}) != content_of(MANGLE, written)


def test_all_matchers_that_a_release_has_are_asked_for_and_no_others() -> None:
    assert {"port", "dscp", "in-bridge-port", "connection-nat-state"} <= set(words_of(MANGLE, 4, Release(7, 9)))
    assert "tos" not in words_of(MANGLE, 4, Release(7, 20))
    assert "connection-nat-state" not in words_of(NAT, 4, Release(7, 22))


def test_a_route_that_someone_made_a_blackhole_differs() -> None:
    written = dict(attributes_of(next(row for row in all_rows() if row.kind == ROUTE), "wg0"))
    assert content_of(ROUTE, {**written, "blackhole": ""}) != content_of(ROUTE, written)


def test_connections_are_kept_from_fasttrack_only_where_there_is_one() -> None:
    assert [row.kind for row in all_rows(4)].count(FILTER) == 1
    assert [row.kind for row in all_rows()].count(FILTER) == 0


def test_all_but_the_set_is_the_set_negated() -> None:
    lists = {dict(row.attributes).get("dst-address-list") for row in all_rows(mode="except")}
    assert lists == {None, "!wgfleet-wg0"}


def test_names_alone_touch_no_packet() -> None:
    names = [{"servers": ["10.0.0.1"], "domains": ["a.example", "b.example"]}]
    assert [row.kind for row in all_rows(prefixes=[], dns=names)] == [NAMES, NAMES]


def test_a_domain_stands_before_one_that_it_is_in() -> None:
    names = [{"servers": ["10.0.0.1"], "domains": ["example", "b.example"]},
             {"servers": ["10.0.0.2"], "domains": ["a.b.example"]}]  # fmt: skip
    found = [dict(row.attributes) for row in all_rows(prefixes=[], dns=names)]
    assert [row["name"] for row in found] == ["a.b.example", "b.example", "example"]
    assert {row["match-subdomain"] for row in found} == {"yes"}


def test_domains_beside_servers_for_every_name_are_expressions_before_theirs() -> None:
    names = [{"servers": ["10.0.0.1"]}, {"servers": ["10.0.0.2"], "domains": ["Corp.example"]}]
    found = [dict(row.attributes) for row in all_rows(prefixes=[], dns=names)]
    assert [(row.get("name"), row["regexp"], row["forward-to"]) for row in found] == [
        (None, r"\.corp\.example$", "10.0.0.2"), (None, r"^corp\.example$", "10.0.0.2"), (None, ".*", "10.0.0.1"),
    ]  # fmt: skip


def test_the_same_sources_have_the_same_text_whatever_stands_beside_them() -> None:
    assert sources_of(tunnel()) == sources_of(tunnel(mode="except", shrink_limit=3))
    assert sources_of(tunnel(files=["/x"])) == sources_of(tunnel(files=["/x"], prefixes=["10.0.0.0/8"]))
    nz, au = ({"source": "/x", "countries": [country]} for country in ("NZ", "AU"))
    others = [tunnel(files=["/x"]), tunnel(files=["/y"]), tunnel(rir=[nz]), tunnel(rir=[au])]
    assert len({sources_of(each) for each in (tunnel(), *others)}) == 5
    table = next(row for row in all_rows() if row.kind == TABLE)
    assert dict(attributes_of(table, "wg0"))["comment"] == f"wgfleet split wg0: table = {sources_of(tunnel())}"


def prefixes(*texts: str) -> list[Prefix]:
    return [parse_prefix(text) for text in texts]


def test_an_entry_tells_whether_the_options_name_it_or_it_was_fetched() -> None:
    found = entries_of(prefixes("10.0.0.0/8", "192.0.2.1"), prefixes("192.0.2.1", "10.1.0.0/16"))
    assert {str(prefix): content for prefix, content in found.items()} == {
        "10.0.0.0/8": "named",
        "192.0.2.1/32": "named and fetched",
        "10.1.0.0/16": "",
    }
    assert [str(prefix) for prefix, content in found.items() if is_fetched(content)] == ["192.0.2.1/32", "10.1.0.0/16"]
    for prefix, content in found.items():
        written = dict(entry_attributes("wg0", prefix, content))
        assert entry_content("wg0", written) == content
        assert ("comment" in written) == bool(content)


@pytest.mark.parametrize(
    ("row", "content", "fetched"),
    [
        ({}, "", True),
        ({"comment": "a word of someone else"}, "", True),
        ({"comment": "wgfleet split wg0: named"}, "named", False),
        ({"comment": "wgfleet split wg1: named"}, "", True),
        ({"comment": "wgfleet split wg0: named", "disabled": "true"}, "named disabled", False),
        ({"comment": "wgfleet split wg0: named and fetched", "disabled": "true"}, "named and fetched disabled", True),
        ({"disabled": "true"}, "disabled", True),
    ],
)
def test_an_entry_that_someone_disabled_is_still_one_that_was_fetched_or_named(
    row: dict[str, str], content: str, fetched: bool
) -> None:
    assert (entry_content("wg0", row), is_fetched(content)) == (content, fetched)


def test_hosts_are_spelled_as_a_router_prints_them() -> None:
    texts = ["10.0.0.1/32", "10.0.0.0/31", "2001:db8::1/128"]
    assert [entry_text(parse_prefix(text)) for text in texts] == ["10.0.0.1", "10.0.0.0/31", "2001:db8::1/128"]


def test_the_first_rule_that_takes_packets_of_the_chain_is_the_anchor() -> None:
    rows = [
        {".id": "*1", "chain": "prerouting", "action": "passthrough", "dynamic": "true"},
        {".id": "*2", "chain": "prerouting", "action": "mark-packet"},
        {".id": "*3", "chain": "prerouting", "action": "accept", "disabled": "true"},
        {".id": "*4", "chain": "output", "action": "accept"},
        {".id": "*5", "chain": "prerouting", "action": "jump"},
        {".id": "*6", "chain": "prerouting", "action": "mark-routing"},
    ]
    assert anchor(MANGLE, rows, "prerouting") == "*5"
    assert anchor(MANGLE, rows, "forward") == ""
    assert anchor(NAT, [{".id": "*1", "chain": "srcnat", "action": "masquerade"}], "srcnat") == "*1"
    actions = {"*1": "accept", "*2": "fasttrack-connection"}
    filtered = [{".id": each, "chain": "forward", "action": action} for each, action in actions.items()]
    assert anchor(FILTER, filtered, "forward") == "*2"


def test_a_jump_to_a_chain_that_fasttracks_is_the_anchor() -> None:
    jump = {".id": "*1", "chain": "forward", "action": "jump", "jump-target": "fast"}
    back = {".id": "*2", "chain": "fast", "action": "jump", "jump-target": "fast"}
    fast = {".id": "*3", "chain": "fast", "action": "fasttrack-connection"}
    assert anchor(FILTER, [jump, back], "forward") == ""
    assert anchor(FILTER, [jump, back, fast], "forward") == "*1"
    assert anchor(FILTER, [fast], "forward") == ""


@pytest.mark.parametrize("user", ["split wg0", "split wg1", "corp"])
def test_rules_of_all_users_of_ours_are_passed_over(user: str) -> None:
    theirs = {".id": "*6", "chain": "prerouting", "action": "mark-routing"}
    ours = {**theirs, ".id": "*5", "comment": f"wgfleet {user}: 3 every packet"}
    assert anchor(MANGLE, [ours, theirs], "prerouting") == "*6"
    assert anchor(MANGLE, [ours], "prerouting") == ""


def test_routes_lead_through_the_interface_in_a_table_of_their_own() -> None:
    route = next(row for row in all_rows() if row.kind == ROUTE)
    assert dict(route.attributes) == {"dst-address": "0.0.0.0/0", "gateway": "wg0", "routing-table": "wgfleet-wg0"}
