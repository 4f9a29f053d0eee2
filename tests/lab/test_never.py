# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must never happen, though tools that people use let it happen: one test for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    answers,
    as_json,
    dumped,
    key_pair,
    live_steps,
    silent,
    star_fleet,
    steps,
    until,
    wg,
    writes,
)

INTERFACE, PEER = "wgfleet.wireguard.linux_interface", "wgfleet.wireguard.linux_peer"
SITES = ("one", "two", "branch")


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    built = star_fleet(module_lab, tmp_path_factory.mktemp("never"), *SITES, nat=("branch",))
    built.lab.run("two", ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    built.run()
    assert silent(built.lab, [("branch", "10.0.1.1"), ("branch", "10.0.2.1"), ("one", "10.0.2.1")]) == []
    return built


@pytest.mark.parametrize(
    "failed",
    [
        {"config": ""},
        {"config": "{}"},
        {"config": "null"},
        {"config": '{"name": "wg0"}'},
        {"config": '{"name": "wg0", "purge_peers": true}'},
        {"name": "wg0", "purge_peers": True},
        {"name": "wg0", "private_key": "", "purge_peers": True, "peers": []},
    ],
    ids=["empty", "no-option", "null", "name-only", "purge-of-unset", "purge-of-unset-option", "empty-key"],
)
def test_a_failed_render_wipes_nothing(fleet: Fleet, failed: dict[str, Any]) -> None:
    before = fleet.state("one"), fleet.lab.run("one", ["wg", "show", "wg0", "private-key"]).stdout
    run = fleet.tasks("one", {INTERFACE: failed}, code=None)
    assert (fleet.state("one"), fleet.lab.run("one", ["wg", "show", "wg0", "private-key"]).stdout) == before
    assert run.code == 2 or run.changed() == 0


def test_an_empty_declaration_wipes_nothing(fleet: Fleet) -> None:
    before = {host: fleet.state(host) for host in SITES}
    for networks in ({"corp": None}, {"corp": {"pool": ["10.255.0.0/24"], "members": {}}}, None, ""):
        run = Fleet(fleet.lab, fleet.playbooks, fleet.hosts, networks).run(code=None)
        assert run.code != 0, networks
    assert {host: fleet.state(host) for host in SITES} == before


def test_a_limited_run_removes_no_peer_of_hosts_that_are_not_in_it(fleet: Fleet) -> None:
    before = {host: fleet.state(host) for host in SITES}
    limited = fleet.run("--limit", "one")
    assert (limited.changed(), writes(limited)) == (0, 0)
    assert {host: fleet.state(host) for host in SITES} == before


def test_an_endpoint_that_has_roamed_survives_a_run(fleet: Fleet) -> None:
    lab, branch = fleet.lab, fleet.pinned("branch")["public_key"]
    two = fleet.pinned("two")["public_key"]
    home = dumped(lab, "one")[branch]["endpoint"]
    moved = """
        ip address add 198.51.3.77/24 dev wan && nft flush chain inet wgfleet_lab postrouting
        nft add rule inet wgfleet_lab postrouting oifname wan udp dport 51820 snat ip to 198.51.3.77:7777
        conntrack -F 2>/dev/null || true
    """
    lab.run("branch-nat", ["sh", "-ec", moved])
    lab.run("branch", ["wg", "set", "wg0", "listen-port", "51999"])  # a new flow, so that the router translates it anew
    lab.run("two", ["wg", "set", "wg0", "listen-port", "51888"])
    assert silent(lab, [("branch", "10.0.1.1"), ("two", "10.0.1.1")]) == []
    roamed = until(lambda: {key: peer["endpoint"] for key, peer in dumped(lab, "one").items()})
    assert roamed[branch] not in (home, "(none)")
    assert roamed[two] == "198.51.2.1:51888"
    run = fleet.run("--limit", "one")
    assert (run.changed(), writes(run)) == (0, 0)
    fleet.members()["branch"]["routes"].append("10.0.33.0/24")
    changed = fleet.run("--limit", "one")
    assert live_steps(changed, "one") == ["set_peer", "add_route"]
    openings = [step for step in steps(changed, "one") if step["do"] == "add_opening"]
    assert [step for step in openings if "10.0.33.0/24" not in (step["source"], step["destination"])] == []
    assert {key: peer["endpoint"] for key, peer in dumped(lab, "one").items()} == roamed
    assert silent(lab, [("branch", "10.0.1.1"), ("two", "10.0.1.1")]) == []
    fleet.members()["branch"]["routes"].pop()
    fleet.run()


def test_no_peer_of_a_mesh_is_allowed_everything(fleet: Fleet) -> None:
    for host in SITES:
        allowed = [prefix for peer in dumped(fleet.lab, host).values() for prefix in peer["allowed_ips"].split(",")]
        assert len(allowed) == len(set(allowed)) == 4
        assert not {"0.0.0.0/0", "::/0"} & set(allowed)


def test_a_prefix_is_not_stolen_from_another_peer(fleet: Fleet) -> None:
    before = dumped(fleet.lab, "one").keys(), fleet.state("one")
    thief = {"interface": "wg0", "public_key": key_pair()[1], "allowed_ips": ["10.0.2.0/24"]}
    refused = fleet.tasks("one", {PEER: thief}, code=2).results[0].result
    assert "10.0.2.0/24" in refused["msg"]
    assert (dumped(fleet.lab, "one").keys(), fleet.state("one")) == before


def test_no_private_key_is_in_a_diff_a_result_or_a_log(fleet: Fleet) -> None:
    keys = [fleet.lab.run(host, ["cat", "/etc/wireguard/corp.key"]).stdout.strip() for host in SITES]
    fleet.networks["corp"]["keepalive"] = 20
    runs = [fleet.run("--check", "--diff", "-vvvv"), fleet.run("--diff", "-vvvv"), fleet.run("-vvvv", play="status")]
    fleet.networks["corp"]["keepalive"] = 25
    fleet.run()
    said = "".join(run.output + as_json([entry.result for entry in run.results]) for run in runs)
    assert [key for key in keys if key in said] == []


def test_the_same_in_other_words_is_no_change(fleet: Fleet) -> None:
    public, psk = key_pair()[1], wg("genpsk")
    peer = {"public_key": public, "preshared_key": psk, "allowed_ips": ["10.8.0.0/24", "10.8.1.1/32", "fd08::/64"]}
    said = {
        "name": "wg5",
        "listen_port": 5555,
        "addresses": ["10.7.0.1/24"],
        "routes": ["10.8.0.0/16"],
        "fwmark": "255",
    }
    first = {
        **said,
        "peers": [{**peer, "persistent_keepalive": 25, "endpoint_host": "2001:db8::1", "endpoint_port": 9}],
    }
    other_peer = {
        **peer,
        "allowed_ips": ["fd08:0::1/64", "10.8.1.1", "10.8.0.77/24", "10.8.1.1"],
        "endpoint_host": "2001:db8:0:0::1",
        "endpoint_port": "9",
    }
    other = {**said, "routes": ["10.8.44.1/16"], "fwmark": "0xff"}
    in_config = {**other, "peers": [{**other_peer, "persistent_keepalive": "25s"}]}
    run = fleet.tasks(
        "one",
        {INTERFACE: first},
        {INTERFACE: {**other, "peers": [{**other_peer, "persistent_keepalive": 25}]}},
        {INTERFACE: {"config": as_json(in_config)}},
        {INTERFACE: {"name": "wg5", "state": "absent"}},
    )
    assert [entry.result["changed"] for entry in run.results] == [True, False, False, True]
    assert [entry.result["writes"] for entry in run.results[1:3]] == [0, 0]


def test_forwarding_that_was_on_before_is_never_switched_off(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    fleet.lab.run("two", ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    fleet.run()
    forwards = ["cat", "/proc/sys/net/ipv4/ip_forward"]
    assert [fleet.lab.run(host, forwards).stdout for host in fleet.hosts] == ["1\n", "1\n"]
    del fleet.members()["two"]
    fleet.run()
    assert fleet.lab.run("two", forwards).stdout == "1\n"
    fleet.run(play="teardown")
    assert [fleet.lab.run(host, forwards).stdout for host in fleet.hosts] == ["0\n", "1\n"]
    assert not answers(fleet.lab, "one", "10.255.0.2", seconds=1)
    assert steps(fleet.run(play="teardown"), "two") == []
