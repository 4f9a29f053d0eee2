# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import (
    Findings,
    Link,
    all_well,
    human_age,
    human_bytes,
    link_states,
    render_links,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Pinned
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    key_text,
    offices,
    settled,
)

NOW = 1_800_000_000.0
HOSTS = ("office1", "office2", "branch")


def report(host: str, age: int = 10, **changes: Any) -> dict[str, Any]:
    """Give what a host says when all its peers shook hands so many seconds ago; 0 is never."""
    peers = [
        {
            "public_key": key_text(f"{peer} in corp"),
            "last_handshake": NOW - age if age else 0,
            "rx_bytes": 2048,
            "tx_bytes": 100,
            "endpoint": "",
            "current_endpoint": "192.0.2.7:13231",
        }
        for peer in HOSTS
        if peer != host
    ]
    return {"wg0": {"name": "wg0", "exists": True, "enabled": True, "peers": peers, **changes}}


def links(findings: Findings, *changes: tuple[str, Any]) -> list[Link]:
    declaration = parse_declaration(offices(*changes))
    return link_states(declaration, settled(declaration), findings)


def states(reports: dict[str, Any], *changes: tuple[str, Any]) -> dict[tuple[str, str], str]:
    return {(link.host, link.peer): link.state for link in links(Findings(reports, NOW), *changes)}


def everyone(**changes: Any) -> dict[str, Any]:
    return {host: report(host, **changes) for host in HOSTS}


def test_every_link_has_a_row_for_each_end_of_ours() -> None:
    partner = {"external": True, "public_key": key_text("p"), "endpoint": "192.0.2.9"}
    rows = states(everyone(), ("members.partner", partner))
    assert set(rows) == {(a, b) for a in HOSTS for b in (*HOSTS, "partner") if a != b}


@pytest.mark.parametrize(("age", "state"), [(1, "up"), (185, "up"), (186, "down"), (0, "down")])
def test_a_link_with_keepalives_is_up_while_its_handshake_is_fresh(age: int, state: str) -> None:
    assert states(everyone(age=age))["office1", "branch"] == state


@pytest.mark.parametrize("age", [186, 0])
def test_a_silent_link_without_keepalives_is_idle(age: int) -> None:
    assert states(everyone(age=age))["office1", "office2"] == "idle"
    assert states(everyone(age=age), ("keepalive", 0))["branch", "office2"] == "idle"


@pytest.mark.parametrize("age", [186, 0])
def test_a_silent_link_on_which_a_probe_was_not_answered_is_down(age: int) -> None:
    silent, heard = ({"answered_after": seconds, "watched_for": 5.0} for seconds in (None, 0.4))
    reports = everyone(age=age)
    of_office1 = {peer["public_key"]: peer for peer in reports["office1"]["wg0"]["peers"]}
    office2 = of_office1[key_text("office2 in corp")]
    office2["probe"] = silent
    assert states(reports)["office1", "office2"] == "down"
    assert states(reports)["office2", "office1"] == "idle"
    office2.update(last_handshake=NOW - 10, probe=heard)
    assert states(reports)["office1", "office2"] == "up"


def test_a_peer_to_which_no_probe_can_be_sent_is_idle() -> None:
    reports = everyone(age=0)
    for peer in reports["office2"]["wg0"]["peers"]:
        peer.update(current_endpoint="", probe={"answered_after": None, "watched_for": 5.0})
    assert states(reports, ("keepalive", 0))["office2", "branch"] == "idle"


def test_a_client_that_does_not_answer_a_probe_is_idle() -> None:
    reports = {**everyone(), "office1": with_alice("office1", 4000), "office2": with_alice("office2", 0)}
    for host in ("office1", "office2"):
        reports[host]["wg0"]["peers"][-1].update(endpoint="192.0.2.77:5", probe={"answered_after": None})
    rows = states(reports, ALICE)
    assert [state for (_host, peer), state in rows.items() if peer == "alice"] == ["idle", "idle"]


@pytest.mark.parametrize("broken", [{"enabled": False}, {"exists": False}, {"peers": []}])
def test_a_link_is_down_with_the_interface_of_its_own_end(broken: dict[str, Any]) -> None:
    rows = states({**everyone(), "office2": report("office2", **broken)})
    assert {rows["office2", "office1"], rows["office2", "branch"]} == {"down"}
    assert rows["office1", "branch"] == "up"


def test_a_link_is_down_with_the_interface_of_the_far_end() -> None:
    assert states({**everyone(), "office2": report("office2", enabled=False)})["office1", "office2"] == "down"


def test_a_host_without_the_interface_is_down() -> None:
    assert states({**everyone(), "office2": {}})["office2", "office1"] == "down"


def test_a_host_that_was_not_reached_is_unreachable_and_its_far_ends_speak_for_themselves() -> None:
    rows = states({host: some for host, some in everyone().items() if host != "branch"})
    assert rows["branch", "office1"] == "unreachable"
    assert rows["office1", "branch"] == "up"


def test_a_clock_that_runs_ahead_makes_no_negative_age() -> None:
    assert {link.handshake_age for link in links(Findings(everyone(age=-30), NOW))} == {0}


def test_a_host_that_was_not_asked_is_not_judged() -> None:
    findings = Findings({"office1": report("office1")}, NOW, asked=frozenset(["office1", "branch"]))
    found = links(findings)
    assert {link.host: link.state for link in found} == {
        "office1": "up",
        "office2": "not asked",
        "branch": "unreachable",
    }
    assert not all_well(found)
    assert all_well(links(findings._replace(asked=frozenset(["office1"]))))
    assert not all_well(links(findings._replace(asked=None)))


ALICE = ("clients.alice", {"via": ["office1", "office2"], "expires": "2027-01-31"})


def with_alice(host: str, age: int) -> dict[str, Any]:
    interface = report(host)["wg0"]
    alice = {"public_key": key_text("alice in corp"), "last_handshake": NOW - age if age else 0}
    return {"wg0": {**interface, "peers": [*interface["peers"], alice]}}


def test_a_client_has_a_link_on_each_of_its_servers() -> None:
    reports = {**everyone(), "office1": with_alice("office1", 10), "office2": with_alice("office2", 0)}
    rows = states(reports, ALICE)
    assert [state for (_host, peer), state in rows.items() if peer == "alice"] == ["up", "idle"]
    assert all_well(links(Findings(reports, NOW), ALICE))


def test_a_client_that_a_server_does_not_know_is_down() -> None:
    found = links(Findings(everyone(), NOW), ALICE)
    assert {link.state for link in found if link.of_client} == {"down"}
    assert not all_well(found)


def test_a_client_that_never_had_a_key_is_idle() -> None:
    declaration = parse_declaration(offices(ALICE))
    registry = settled(declaration)
    entry = registry["corp"].clients["alice"]._replace(public_key=None)
    keyless = {"corp": Pinned(registry["corp"].members, {"alice": entry})}
    found = link_states(declaration, keyless, Findings(everyone(), NOW))
    assert {link.state for link in found if link.of_client} == {"idle"}


def test_an_expired_client_has_no_link() -> None:
    assert not [link for link in links(Findings(everyone(), NOW, today=Day(2027, 2, 1)), ALICE) if link.of_client]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h"), (200000, "2 d")],
)
def test_ages_are_short(seconds: int, text: str) -> None:
    assert human_age(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10240, "10 KiB"),
        (2**20 - 1, "1024 KiB"),
        (5 * 2**30, "5.0 GiB"),
        (2**60, "1024 PiB"),
    ],
)
def test_bytes_have_binary_units(number: int, text: str) -> None:
    assert human_bytes(number) == text


def test_the_table_reads_like_this() -> None:
    declaration = parse_declaration(offices(("members.branch", None)))
    found = link_states(declaration, settled(declaration), Findings({"office1": report("office1")}, NOW))
    assert render_links(found).splitlines() == [
        "network corp",
        "HOST     PEER     STATE  SEEN  RX       TX     ENDPOINT",
        "office1  office2  up     10 s  2.0 KiB  100 B  192.0.2.7:13231",
        "office2  office1  unreachable",
        "",
        "2 ends of links: 1 up, 1 unreachable",
    ]


LONG = Link("corp", "gateway-a.example.com", "b.example.com", "down", 3500, 10**9, 10**9, "203.0.113.200:51820")


def test_long_names_are_cut_so_that_a_row_fits_a_terminal() -> None:
    lines = render_links([LONG, LONG._replace(host="short")]).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith("gateway-a.e…  b.example.c…  down ")
    assert lines[2].endswith("203.0.113.200:51820")
    assert render_links([]) == ""


def test_a_long_endpoint_is_cut_and_leaves_room_for_the_names() -> None:
    lines = render_links([LONG._replace(endpoint="[2001:db8:1234:5678:9abc:def0:1234:5678]:51820")]).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith("gateway-")
    assert lines[2].endswith("[2001:db8:1234:5678:…")


def test_an_endpoint_of_ipv6_is_whole_where_there_is_room_for_it() -> None:
    endpoint = "[2001:db8::1:2]:51820"
    link = Link("corp", "one", "two", "up", 5, 1000, 1000, "[2001:db8:1234::77]:51820")
    assert render_links([link]).splitlines()[2].endswith(link.endpoint)
    assert render_links([link._replace(endpoint=endpoint)]).splitlines()[2].endswith(endpoint)
