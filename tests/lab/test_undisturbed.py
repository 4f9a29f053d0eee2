# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever is not changed does not notice: a hundred packets a second through one tunnel while all else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Pings
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    answers,
    key_pair,
    live_steps,
    peers,
    star_fleet,
    steps,
)

FIRST, SECOND = key_pair()[1], key_pair()[1]
PEER, INTERFACE = "wgfleet.wireguard.linux_peer", "wgfleet.wireguard.linux_interface"


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    built = star_fleet(module_lab, tmp_path_factory.mktemp("undisturbed"), "one", "two", "three")
    built.run()
    assert answers(built.lab, "one", "10.0.2.1")
    return built


def declared(fleet: Fleet, *others: dict[str, Any]) -> dict[str, Any]:
    """Options of the interface of ``one``: all peers that it has, and these."""
    known = [{"public_key": fleet.pinned(name)["public_key"]} for name in ("two", "three")]
    return {INTERFACE: {"name": "wg0", "purge_peers": True, "peers": [*known, *others]}}


def lossless(pings: Pings) -> bool:
    """Tell whether there were pings enough to judge, and no answer was missing."""
    return pings.sent > 50 and pings.lost == []


def test_peers_come_change_and_go_one_by_one(fleet: Fleet) -> None:
    peer = {"interface": "wg0", "public_key": FIRST}
    change = {"allowed_ips": ["10.9.2.0/24"], "persistent_keepalive": 5, "endpoint_host": "198.51.3.1"}
    with fleet.lab.pinging("one", "10.0.2.1") as pings:
        run = fleet.tasks(
            "one",
            {PEER: {**peer, "allowed_ips": ["10.9.1.0/24"]}},
            {PEER: {**peer, **change, "endpoint_port": 9}},
            {PEER: {**peer, "state": "absent"}},
        )
    assert live_steps(run, "one") == ["set_peer", "set_peer", "remove_peer"]
    assert lossless(pings), pings


def test_peers_come_change_and_go_with_their_interface(fleet: Fleet) -> None:
    others = [{"public_key": FIRST, "allowed_ips": ["10.9.1.0/24"]}, {"public_key": SECOND, "allowed_ips": []}]
    with fleet.lab.pinging("one", "10.0.2.1") as pings:
        run = fleet.tasks(
            "one",
            declared(fleet, *others),
            declared(fleet, {**others[0], "preshared_key": key_pair()[0]}),
            declared(fleet),
        )
    assert live_steps(run, "one") == ["set_peer", "set_peer", "remove_peer", "set_peer", "remove_peer"]
    assert peers(fleet.lab, "one") == {fleet.pinned(name)["public_key"] for name in ("two", "three")}
    assert lossless(pings), pings


def test_a_prefix_moves_from_one_peer_to_another(fleet: Fleet) -> None:
    moving = [
        [{"public_key": FIRST, "allowed_ips": a}, {"public_key": SECOND, "allowed_ips": b}]
        for a, b in ((["10.9.1.0/24"], []), ([], ["10.9.1.0/24"]), (["10.9.1.0/24"], []))
    ]
    with fleet.lab.pinging("one", "10.0.2.1") as pings:
        fleet.tasks("one", *(declared(fleet, *others) for others in moving), declared(fleet))
    assert lossless(pings), pings


def test_an_unchanged_run_and_one_that_moves_a_lan_lose_nothing_of_the_others(fleet: Fleet) -> None:
    lab, third, second = fleet.lab, fleet.members()["three"], fleet.members()["two"]
    third["routes"].append("10.0.30.0/24")
    fleet.run()
    with lab.pinging("one", "10.0.2.1") as first, lab.pinging("two", "10.0.1.1") as back:
        assert fleet.run().changed() == 0
    assert lossless(first), first
    assert lossless(back), back
    with lab.pinging("two", "10.0.1.1") as untouched, lab.pinging("one", "10.255.0.3") as gives_away:
        third["routes"].remove("10.0.30.0/24")
        second["routes"].append("10.0.30.0/24")
        run = fleet.run()
    assert {step["do"] for step in steps(run, "one")} == {"set_peer", "write_file"}
    assert lossless(untouched), untouched
    assert lossless(gives_away), gives_away


def test_a_member_that_leaves_and_returns_disturbs_no_one(fleet: Fleet) -> None:
    member = fleet.members().pop("three")
    with fleet.lab.pinging("one", "10.0.2.1") as pings:
        gone = fleet.run()
        fleet.members()["three"] = member
        fleet.run()
    assert live_steps(gone, "one").count("remove_peer") == 1
    assert lossless(pings), pings
    assert answers(fleet.lab, "one", "10.0.3.1")
