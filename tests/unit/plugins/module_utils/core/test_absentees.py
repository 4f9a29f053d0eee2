# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a change that some hosts have not had."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks import absentees
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.absentees import (
    Attendance,
    left_behind,
    run_notes,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import (
    Findings,
    all_well,
    link_states,
    render_links,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    Registry,
    parse_found_keys,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import cleared, settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import Reach, reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text

HOSTS = ("hq", "store", "kiosk")
TODAY = Day(2027, 1, 31)
NOW = 1_800_000_000.0


def declared(*without: str) -> dict[str, Any]:
    """Three members and a client, but for those who have left."""
    members: dict[str, Any] = {
        "hq": {"endpoint": "198.51.1.1"},
        "store": {"endpoint": "198.51.2.1"},
        "kiosk": {"nat": True, "gateway": "hq"},
    }
    corp = {
        "interface": "wg0",
        "pool": ["10.255.0.0/24"],
        "members": {name: member for name, member in members.items() if name not in without},
        "clients": {name: {"via": ["hq"]} for name in ("bob",) if name not in without},
        "gateways": {"hq": {}},
    }
    return {"corp": corp}


def settled(data: dict[str, Any], before: Registry, keys: tuple[str, ...] = HOSTS) -> Registry:
    found = {host: {"corp": key_text(host)} for host in keys}
    clients = {"corp": {"bob": key_text("bob")}}
    return settle(
        parse_declaration(data), before, parse_found_keys(found), None, parse_found_keys(clients), TODAY
    ).registry


def notes(data: dict[str, Any], before: Registry, asked: tuple[str, ...], done: tuple[str, ...]) -> list[str]:
    after = settled(data, before, done)
    return run_notes(parse_declaration(data), before, after, Attendance(frozenset(asked), frozenset(done)))


@pytest.fixture
def built() -> Registry:
    return settled(declared(), {})


@pytest.mark.parametrize(
    ("asked", "done", "said"),
    [
        (HOSTS, HOSTS, ["corp/bob is revoked, and nobody else gets 10.255.0.4/24 until 2027-05-01"]),
        (("hq",), ("hq",), ["corp/bob is revoked, and nobody else gets 10.255.0.4/24 until 2027-05-01"]),
        (
            ("store",),
            ("store",),
            [
                "corp/bob is revoked, and still let in: hq is not in this run",
                "corp/bob: nobody else gets 10.255.0.4/24 until 2027-05-01",
            ],
        ),
        (
            HOSTS,
            ("store", "kiosk"),
            [
                "corp/bob is revoked, and still let in: hq has failed in this run",
                "corp/bob: nobody else gets 10.255.0.4/24 until 2027-05-01",
            ],
        ),
    ],
)
def test_who_is_revoked_is_out_where_the_run_was(
    built: Registry, asked: tuple[str, ...], done: tuple[str, ...], said: list[str]
) -> None:
    assert notes(declared("bob"), built, asked, done) == said


def test_a_revocation_is_told_once(built: Registry) -> None:
    gone = settled(declared("bob"), built)
    assert notes(declared("bob"), gone, ("store",), ("store",)) == []


def test_a_revocation_that_is_asked_for_is_told_each_time(built: Registry) -> None:
    data = declared("bob")
    gone = settled(data, built)

    def told(*there: str) -> list[str]:
        attendance = Attendance(frozenset(there), frozenset(there))
        return run_notes(parse_declaration(data), gone, gone, attendance, ["corp/bob"])

    assert told("store") == [
        "corp/bob is revoked, and may still be let in: hq is not in this run",
        "corp/bob: nobody else gets 10.255.0.4/24 until 2027-05-01",
    ]
    assert told("hq") == ["corp/bob is revoked, and nobody else gets 10.255.0.4/24 until 2027-05-01"]


def test_a_run_that_reaches_all_has_nothing_to_say() -> None:
    assert notes(declared(), {}, HOSTS, HOSTS) == []


def test_a_new_key_is_told_with_those_who_do_not_know_it() -> None:
    others = settled(declared("kiosk"), {})
    assert notes(declared(), others, ("kiosk",), ("kiosk",)) == [
        "kiosk is new in corp: hq and store are not in this run, and do not know its key. Run them too"
    ]
    assert notes(declared(), others, HOSTS, ("kiosk", "hq")) == [
        "kiosk is new in corp: store has failed in this run, and does not know its key. Run it too"
    ]


def test_who_has_left_and_was_not_there_keeps_what_it_has_until_a_run_has_it(built: Registry) -> None:
    data = declared("kiosk")
    (said,) = notes(data, built, ("hq", "store"), ("hq", "store"))
    assert said == (
        "kiosk is no member of corp any more and keeps wg0, its default route there and the kill switch:"
        " kiosk is not in this run"
    )
    assert notes(data, built, HOSTS, HOSTS) == []
    after = settled(data, built)
    assert notes(data, after, ("hq",), ("hq",)) == []
    (still,) = left_behind(after, [])
    assert still.startswith("kiosk is no member of corp any more, and no run has had it since: it keeps wg0, its")
    assert left_behind(cleared(after, ["hq", "store"]), []) != []
    assert left_behind(cleared(after, ["kiosk"]), []) == []
    assert cleared(built, HOSTS) == built


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        (HOSTS, []),
        (("hq",), ["corp: store and kiosk are not in this run, and do not know the new addresses. Run them too"]),
        (
            ("hq", "store"),
            ["corp: kiosk is not in this run, and does not know the new addresses. Run it too"],
        ),
    ],
)
def test_another_pool_is_told_with_those_whose_file_is_new(
    built: Registry, asked: tuple[str, ...], more: list[str]
) -> None:
    data = declared()
    data["corp"]["pool"] = ["10.99.0.0/24"]
    assert notes(data, built, asked, asked) == [
        "corp: the pool changed, and 4 addresses are new; hand bob its new file",
        *more,
    ]
    assert notes(data, settled(data, built), HOSTS, HOSTS) == []


def test_whose_address_was_in_the_pool_all_the_time_is_not_told_of_another_pool(built: Registry) -> None:
    moved = declared()
    moved["corp"]["members"]["store"]["address"] = ["10.255.0.77/24"]
    assert notes(moved, built, HOSTS, HOSTS) == []
    more = declared()
    more["corp"]["pool"].append("fd66::/64")
    assert notes(more, built, HOSTS, HOSTS) == []


def test_an_outsider_is_to_be_told_of_its_new_address() -> None:
    data = declared("bob")
    partner = {"external": True, "public_key": key_text("partner"), "endpoint": "198.51.9.1"}
    data["corp"]["members"]["partner"] = partner
    before = settled(data, {})
    data["corp"]["pool"] = ["10.99.0.0/24"]
    assert notes(data, before, HOSTS, HOSTS) == [
        "corp: the pool changed, and 4 addresses are new; tell partner its new address"
    ]


def test_a_peer_who_is_out_is_shown_as_let_in() -> None:
    before = settled(declared(), {})
    data = declared("bob", "kiosk")
    after = settled(data, before)
    peers = [{"public_key": key_text(name), "last_handshake": NOW - 9} for name in ("store", "bob", "kiosk", "nobody")]
    reports = {"hq": {"wg0": {"exists": True, "enabled": True, "peers": peers}}}
    links = link_states(parse_declaration(data), after, Findings(reports, NOW, frozenset({"hq"})))
    found = [(link.host, link.peer, link.state) for link in links if link.state == "still let in"]
    assert found == [("hq", "kiosk (departed)", "still let in"), ("hq", "bob (revoked)", "still let in")]
    assert all_well(links)
    assert "2 still let in" in render_links(links)
    assert "hq still lets bob (revoked) in. Run the playbook site_to_site on hq" in left_behind(after, links)


def test_a_client_whose_last_day_is_over_is_shown_as_let_in_where_it_is_a_peer_still() -> None:
    data = declared()
    data["corp"]["clients"]["bob"]["expires"] = "2027-01-30"
    registry = settled(data, {})
    peers = [{"public_key": key_text(name), "last_handshake": NOW - 9} for name in ("store", "bob")]
    reports = {"hq": {"wg0": {"exists": True, "enabled": True, "peers": peers}}}
    asked = Findings(reports, NOW, frozenset({"hq"}), TODAY)
    found = [
        (link.peer, link.of_client)
        for link in link_states(parse_declaration(data), registry, asked)
        if link.state == "still let in"
    ]
    assert found == [("bob (expired)", True)]


def test_who_reaches_whom_is_asked_once_for_each_host_that_was_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(network: Network, host: str) -> Reach:
        asked.append(host)
        return reach(network, host)

    monkeypatch.setattr(absentees, "reach", counted)
    names = [f"m{number}" for number in range(2000)]
    members = {name: {"endpoint": "hub.example"} if name == "m0" else {"nat": True} for name in names}
    data = {"corp": {"pool": ["10.0.0.0/16"], "topology": "hub_spoke", "hub": "m0", "members": members}}
    there = tuple(names[:-2])
    said = notes(data, {}, there, there)
    assert len(said) == 1, "the hub alone is a peer of those who were not there"
    assert "m1998 and m1999 are not in this run" in said[0]
    assert sorted(asked) == ["m1998", "m1999"]
    asked.clear()
    assert notes(data, {}, tuple(names), tuple(names)) == []
    assert asked == []
