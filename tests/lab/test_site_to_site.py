# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: from one declaration to packets that cross, by the production playbooks, and all the way back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    DEMO_SITES,
    PATIENTLY,
    WORKSTATIONS,
    Fleet,
    answers,
    as_json,
    demo_fleet,
    key_pair,
    live_steps,
    module_calls,
    ours,
    peers,
    showconf,
    silent,
    snapshot,
    star_fleet,
    steps,
    with_networks,
    writes,
)

TUNNELS = [
    (source, address)
    for source in WORKSTATIONS
    for target, addresses in WORKSTATIONS.items()
    if source != target
    for address in addresses
]


class Built(NamedTuple):
    """A fleet after its first run, and how its hosts were before."""

    fleet: Fleet
    first: PlaybookRun
    before: dict[str, Any]


@pytest.fixture(scope="module")
def demo(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Built:
    fleet = demo_fleet(module_lab, tmp_path_factory.mktemp("demo"))
    before = {host: snapshot(fleet.lab, host) for host in DEMO_SITES}
    return Built(fleet, fleet.run(*PATIENTLY), before)


def test_packets_cross_between_all_workstations(demo: Built) -> None:
    assert silent(demo.fleet.lab, TUNNELS) == []


def test_second_run_changes_and_writes_nothing(demo: Built) -> None:
    second = demo.fleet.run()
    assert (second.changed(), writes(second)) == (0, 0)
    assert all(steps(second, host) == [] for host in DEMO_SITES)


def test_two_module_calls_per_host_in_the_first_run(demo: Built) -> None:
    assert {host: module_calls(demo.first, host) for host in DEMO_SITES} == dict.fromkeys(DEMO_SITES, 2)


def test_sites_forward_now_and_after_boot(demo: Built) -> None:
    lab = demo.fleet.lab
    assert {tuple(snapshot(lab, host)["sysctl"].values()) for host in DEMO_SITES} == {("1", "1")}
    lab.run("office1", ["sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"])
    lab.run("office1", ["sysctl", "-q", "--pattern", "forward", "--system"], check=False)
    assert tuple(snapshot(lab, "office1")["sysctl"].values()) == ("1", "1")


def test_status_tells_by_its_exit_code_whether_all_links_are_up(demo: Built) -> None:
    fleet = demo.fleet
    table = "\n".join(fleet.run(play="status").of("Show the links")[0]["msg"])
    assert table.count(" up ") >= 6
    assert "down" not in table
    fleet.lab.run("office2", ["ip", "link", "set", "wg0", "down"])
    broken = fleet.run(play="status", code=2)
    assert "Not all declared links are up" in broken.output
    assert "down" in "\n".join(broken.of("Show the links")[0]["msg"])
    repaired = fleet.run()
    assert {host: live_steps(repaired, host) for host in ("office1", "branch")} == {"office1": [], "branch": []}
    assert "set_link" in live_steps(repaired, "office2")
    assert silent(fleet.lab, TUNNELS) == []


def test_a_limited_run_from_a_clean_controller_writes_what_a_full_one_would(demo: Built, tmp_path: Path) -> None:
    fleet = demo.fleet
    full, before = steps(demo.first, "office1"), fleet.state("office1")
    others = {host: fleet.state(host) for host in ("office2", "branch")}
    key = fleet.lab.run("office1", ["cat", "/etc/wireguard/corp.key"]).stdout
    fleet.wipe("office1")
    fleet.lab.run("office1", ["sh", "-c", "umask 077; mkdir /etc/wireguard; cat >/etc/wireguard/corp.key"], input=key)
    (fleet.playbooks.directory / "home").rename(tmp_path / "former-home")
    limited = fleet.run("--limit", "office1")
    assert steps(limited, "office1") == full
    assert (set(limited.recap), fleet.state("office1")) == ({"office1"}, before)
    assert {host: fleet.state(host) for host in others} == others
    offices = [
        ("office1-pc", "10.1.101.10"),
        ("office2-pc", "fd00:202::10"),
    ]  # branch notices after 15 s (whitepaper, 6)
    assert silent(fleet.lab, offices) == []


def test_a_host_with_another_key_fails_and_the_others_are_served(demo: Built) -> None:
    fleet = demo.fleet
    private, public = key_pair()
    path = "/etc/wireguard/corp.key"
    kept = fleet.lab.run("branch", ["cat", path]).stdout
    pinned = fleet.pinned("branch")["public_key"]
    before = fleet.state("branch")["devices"]
    fleet.lab.run("branch", ["tee", path], input=private)
    fleet.lab.run("office1", ["ip", "route", "del", "192.168.88.0/24"])
    run = fleet.run(code=2)
    failed = [entry for entry in run.results if entry.status == "failed"]
    assert [entry.host for entry in failed] == ["branch"]
    message = failed[0].result.get("msg", "") + str(failed[0].result.get("results", ""))
    assert pinned in message
    assert public in message
    assert private not in run.output
    assert live_steps(run, "office1") == ["add_route"]
    assert (fleet.state("branch")["devices"], fleet.pinned("branch")["public_key"]) == (before, pinned)
    fleet.lab.run("branch", ["tee", path], input=kept)
    assert fleet.run().changed() == 0


def test_a_member_that_leaves_is_gone_everywhere_and_gets_its_address_back(demo: Built) -> None:
    fleet = demo.fleet
    before = {host: fleet.state(host) for host in DEMO_SITES}
    entry = fleet.pinned("office2")
    networks = copy.deepcopy(fleet.networks)
    del networks["corp"]["members"]["office2"]
    with_networks(fleet, networks).run()
    for host in ("office1", "branch"):
        expected = copy.deepcopy(before[host])
        gone = expected["devices"]["wg0"]["peers"].pop(entry["public_key"])["AllowedIPs"]
        assert {"10.1.101.0/24", "fd00:101::/64"} <= set(gone)
        for routes in ("routes", "routes6"):
            expected[routes] = [route for route in expected[routes] if route["dst"] not in gone]
        found = fleet.state(host)
        let_through = [as_json(state.pop("nftables")) for state in (expected, found)]
        assert ["10.1.101.0" in text for text in let_through] == [True, False]
        assert found == expected
    left = snapshot(fleet.lab, "office2")
    assert left == demo.before["office2"]
    assert ours(fleet.lab, "office2") == ["/etc/wireguard/corp.key"]
    fleet.run()
    back = fleet.pinned("office2")
    assert (back["public_key"], back["addresses"]) == (entry["public_key"], entry["addresses"])
    assert {host: showconf(fleet.lab, host) for host in DEMO_SITES} == {
        host: before[host]["devices"]["wg0"] for host in DEMO_SITES
    }
    assert silent(fleet.lab, TUNNELS) == []


def test_teardown_leaves_hosts_as_they_were(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    fleet.lab.run("two", ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    before = {host: snapshot(fleet.lab, host) for host in fleet.hosts}
    fleet.run()
    first = {host: fleet.state(host) for host in fleet.hosts}
    fleet.run(play="teardown")
    assert {host: snapshot(fleet.lab, host) for host in fleet.hosts} == before
    assert ours(fleet.lab, "one") == ["/etc/wireguard/corp.key"]
    assert fleet.run(play="teardown").changed() == 0
    fleet.run()
    assert {host: fleet.state(host) for host in fleet.hosts} == first


def test_a_relay_carries_between_two_behind_nat_until_it_may_not(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "hub", "east", "west", nat=("east", "west"), relay="hub")
    fleet.run()
    paths = [("east", "10.0.3.1"), ("west", "10.0.2.1"), ("east", "10.0.1.1"), ("hub", "10.0.3.1")]
    assert silent(fleet.lab, paths) == []
    assert peers(fleet.lab, "east") == {fleet.pinned("hub")["public_key"]}
    fleet.lab.run("hub", ["sysctl", "-qw", "net.ipv4.ip_forward=0"])
    assert not answers(fleet.lab, "east", "10.0.3.1", seconds=1)


def test_spokes_reach_each_other_through_the_hub_and_links_join_only_their_ends(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, "hub", "east", "west", nat=("west",), topology="hub_spoke", hub="hub")
    fleet.run()
    assert silent(fleet.lab, [("east", "10.0.3.1"), ("west", "10.0.2.1"), ("hub", "10.0.3.1")]) == []
    assert peers(fleet.lab, "east") == {fleet.pinned("hub")["public_key"]}
    del fleet.networks["corp"]["hub"]
    fleet.networks["corp"] |= {"topology": "links", "links": [["hub", "east"], ["hub", "west"]]}
    fleet.run()
    assert silent(fleet.lab, [("hub", "10.0.2.1"), ("west", "10.0.1.1")]) == []
    assert not answers(fleet.lab, "east", "10.255.0.3", seconds=1)


def test_two_networks_share_a_host_and_one_is_renamed_and_then_taken_away(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    ends = {"one": {"endpoint": "198.51.1.1"}, "two": {"endpoint": "198.51.2.1"}}
    fleet.networks["lab"] = {"interface": "wg1", "port": 51900, "pool": ["10.77.0.0/24"], "members": ends}
    run = fleet.run(*PATIENTLY)
    addresses = {host: fleet.pinned(host, "lab")["addresses"][0].partition("/")[0] for host in fleet.hosts}
    assert {host: module_calls(run, host) for host in fleet.hosts} == {"one": 4, "two": 4}
    assert silent(fleet.lab, [("one", addresses["two"]), ("two", "10.0.1.1")]) == []
    corp = {host: showconf(fleet.lab, host) for host in fleet.hosts}
    fleet.networks["lab"]["interface"] = "wg-lab"
    fleet.run()
    assert set(fleet.state("one")["devices"]) == {"wg0", "wg-lab"}
    assert silent(fleet.lab, [("one", addresses["two"]), ("two", "10.0.1.1")]) == []
    del fleet.networks["lab"]
    gone = fleet.run()
    assert live_steps(gone, "two") == ["remove_interface"]
    assert {host: showconf(fleet.lab, host) for host in fleet.hosts} == corp
    assert silent(fleet.lab, [("two", "10.0.1.1")]) == []


def test_a_partner_that_nobody_manages_is_linked(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "partner")
    private, public = key_pair()
    fleet.hosts = ("one",)
    fleet.members()["partner"] |= {"external": True, "public_key": public}
    fleet.run()
    by_hand = f"""
        wireguard-go wg9 && until wg show wg9 >/dev/null; do sleep 0.05; done
        cat >/root/key && wg set wg9 private-key /root/key listen-port 51820 \\
            peer {fleet.pinned("one")["public_key"]} allowed-ips 10.255.0.1/32,10.0.1.0/24
        ip address add 10.255.0.2/24 dev wg9 && ip link set wg9 up && ip route add 10.0.1.0/24 dev wg9
    """
    fleet.lab.run("partner", ["sh", "-ec", by_hand], input=private)
    assert silent(fleet.lab, [("one", "10.0.2.1"), ("one", "10.255.0.2")]) == []
    assert answers(fleet.lab, "partner", "10.0.1.1")
    assert fleet.run().changed() == 0
    assert "partner" in "\n".join(fleet.run(play="status").of("Show the links")[0]["msg"])
