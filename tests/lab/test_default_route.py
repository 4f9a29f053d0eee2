# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default traffic of a host through a gateway, by each method: where packets come from, and what is left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import files, snapshot
from ansible_collections.wgfleet.wireguard.tests.lab.ssh import SSH_SERVER, let_in, make_key
from ansible_collections.wgfleet.wireguard.tests.lab.uplinks import (
    GATEWAY,
    MOVED,
    NEIGHBOUR,
    SERVER,
    WAN,
    Uplinks,
    build,
)

METHODS = ["fwmark", "rule", "halves", "replace"]
LONGEST = 2.0  # seconds that a managed host may keep its manager waiting while its routes change


@pytest.fixture(params=[4, 6], ids=["over-ipv4", "over-ipv6"])
def uplinks(request: pytest.FixtureRequest, lab: Callable[..., Lab], tmp_path: Path) -> Uplinks:
    return build(lab, tmp_path, request.param)


def state(uplinks: Uplinks) -> Any:
    """All that a run could leave on the client."""
    switch = uplinks.lab.run("client", ["cat", "/proc/sys/net/ipv4/conf/all/src_valid_mark"]).stdout
    held = [line for line in files(uplinks.lab, "client") if "systemd-units-load" not in line]  # systemd-analyze's own
    return {**snapshot(uplinks.lab, "client"), "files": held, "switch": switch}


@pytest.mark.parametrize("method", METHODS)
def test_default_traffic_goes_through_the_gateway_and_is_as_before_on_removal(uplinks: Uplinks, method: str) -> None:
    lab, before = uplinks.lab, state(uplinks)
    wish = {"default_route": {"method": method}}
    (announced,) = uplinks.run("--check", **wish)
    assert announced["writes"] == 0
    assert_as(uplinks, before)
    with uplinks.managing(4) as by_ipv4, uplinks.managing(6) as by_ipv6:
        done, again = uplinks.run(twice=True, **wish)
        assert [uplinks.seen_as(version) for version in (4, 6)] == [GATEWAY[4], GATEWAY[6]]
        assert lab.ping("client", NEIGHBOUR[4]).lost == []
        assert lab.ping("client", NEIGHBOUR[6]).lost == []
        uplinks.call({"name": "wg0", "default_route": {"method": "none"}})
        assert [uplinks.seen_as(version) for version in (4, 6)] == [WAN[4], WAN[6]]
        uplinks.call(uplinks.declared(**wish), {"name": "wg0", "state": "absent"})
    for counts in (by_ipv4, by_ipv6):
        assert counts["lines"] > 100
        assert counts["longest"] < LONGEST
    kinds = [[step["do"] for step in result["steps"]] for result in (announced, done)]
    assert kinds[0] == kinds[1]
    assert (again["changed"], again["writes"]) == (False, 0)
    assert_as(uplinks, before)


KEEP = f"{NEIGHBOUR[4]}/32"
BOUND = ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1"]  # by the uplink's own address
WG_QUICK = ["env", "WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go", "wg-quick"]
# Ends, of all processes of this machine, that of the client's tunnel; with it goes the interface. No process has to do
# with one that is the kernel's own.
KILLING = """
ip -d link show wg0 | grep -q wireguard && ip link delete wg0
for each in /proc/[0-9]*; do
    [ "$(cat "$each/comm" 2>/dev/null)" = wireguard-go ] || continue
    [ "$(readlink "$each/ns/net")" != "$(readlink /proc/self/ns/net)" ] || kill -KILL "${each#/proc/}"
done
while ip link show wg0 >/dev/null 2>&1; do sleep 0.05; done
"""
UNIT = "/etc/systemd/system/wgfleet-kill-switch-wg0.service"


def assert_as(uplinks: Uplinks, before: Any) -> None:
    """Fail, and tell which files, unless everything is as it was."""
    after = state(uplinks)
    assert set(after["files"]) ^ set(before["files"]) == set()
    assert after == before


def try_to_get_out(uplinks: Uplinks) -> None:
    """Do what leaves a host in clear that has no tunnel and no kill switch."""
    assert [uplinks.seen_as(version, patience=1) for version in (4, 6)] == ["", ""]
    for version in (4, 6):
        uplinks.lab.run("client", [*BOUND, "-I", WAN[version], SERVER[version]], check=False)
    uplinks.lab.run("client", ["sh", "-c", f"echo clear >/dev/udp/{SERVER[4]}/53 || true"], check=False)


@pytest.mark.parametrize(("method", "versions"), [("fwmark", (4,)), *((method, (4, 6)) for method in METHODS)])
def test_nothing_leaves_in_clear_whatever_becomes_of_the_tunnel(
    lab: Callable[..., Lab], tmp_path: Path, method: str, versions: tuple[int, ...]
) -> None:
    uplinks = build(lab, tmp_path)
    uplinks.versions = versions
    before = state(uplinks)
    wish = {"default_route": {"method": method, "kill_switch": True, "keep": [KEEP]}}
    # Both connections are there before anything tracks connections, and by one the host itself is the first to speak.
    with uplinks.managing(4, "listen") as by_ipv4, uplinks.managing(6) as by_ipv6:
        _first, again = uplinks.run(twice=True, **wish)
        assert (again["changed"], again["writes"]) == (False, 0)
        with uplinks.capturing() as packets:
            assert uplinks.seen_as(4) == GATEWAY[4]
            assert uplinks.seen_as(6, patience=1) == (GATEWAY[6] if 6 in versions else "")
            for blow in (["ip", "link", "set", "wg0", "down"], ["sh", "-ec", KILLING]):
                uplinks.lab.run("client", blow)
                try_to_get_out(uplinks)
                assert uplinks.lab.ping("client", NEIGHBOUR[4]).lost == []
            assert uplinks.lab.run("server", [*BOUND, WAN[4]]).stdout.count("ttl=") == 2
    for counts in (by_ipv4, by_ipv6):
        assert counts["longest"] < LONGEST
    clear = [packet for packet in packets if not (packet.is_of_the_tunnel() or packet.is_of_the_link())]
    answers = [packet for packet in clear if packet.is_an_answer_to_the_manager() or packet.is_a_pong()]
    kept = [packet for packet in clear if packet.destination == NEIGHBOUR[4]]
    assert {packet.source for packet in answers} == set(WAN.values())
    assert kept
    assert any(packet.is_of_the_tunnel() for packet in packets)
    assert [packet for packet in clear if packet not in (*answers, *kept)] == []

    uplinks.lab.run("client", ["nft", "flush", "chain", "inet", "wgfleet_kill_switch_wg0", "forward"])
    (mended,) = uplinks.run(**wish)
    assert "set_kill_switch" in [step["do"] for step in mended["steps"]]
    assert uplinks.seen_as(4) == GATEWAY[4]
    uplinks.call({"name": "wg0", "state": "absent"})
    assert_as(uplinks, before)


SSH_PORT = 2222


def reached_by_ssh(uplinks: Uplinks, directory: Path) -> dict[str, Any]:
    """Let the client be managed by SSH, from the place of the server, and give its inventory."""
    key, host_key, program = make_key(directory / "key"), make_key(directory / "host_key"), directory / "ssh"
    place = f"/run/netns/{uplinks.lab.netns('server')}"
    program.write_text(f'#!/bin/sh\nexec nsenter --net={place} -- ssh -F none "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    let_in(uplinks.lab, "client")
    mine = ["-p", str(SSH_PORT), "-h", str(host_key), "-o", f"AuthorizedKeysFile={key}.pub"]
    uplinks.lab.run("client", [*SSH_SERVER, *mine])
    variables = {
        "ansible_host": WAN[4],
        "ansible_port": SSH_PORT,
        "ansible_user": "root",
        "ansible_ssh_executable": str(program),
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o ServerAliveInterval=1",
        "ansible_python_interpreter": sys.executable,
    }
    return {"all": {"hosts": {"client": variables}}}


@pytest.mark.parametrize("method", METHODS)
def test_a_run_over_ssh_through_the_old_route_is_not_cut_off(
    lab: Callable[..., Lab], tmp_path: Path, method: str
) -> None:
    uplinks = build(lab, tmp_path)
    before = state(uplinks)
    inventory = reached_by_ssh(uplinks, tmp_path)
    wish = uplinks.declared(default_route={"method": method, "kill_switch": True})
    calls = [wish, wish, {"name": "wg0", "state": "absent"}]
    tasks = [{"wgfleet.wireguard.linux_interface": options} for options in calls]
    done = uplinks.playbooks.run([{"hosts": "client", "gather_facts": False, "tasks": tasks[:2]}], inventory)
    assert [result["changed"] for result in done.of("linux_interface")] == [True, False]
    assert uplinks.seen_as(4) == GATEWAY[4]
    uplinks.playbooks.run([{"hosts": "client", "gather_facts": False, "tasks": tasks[2:]}], inventory)
    assert uplinks.seen_as(4) == WAN[4]
    assert {name: value for name, value in state(uplinks).items() if name != "files"} == {
        name: value for name, value in before.items() if name != "files"
    }


@pytest.mark.parametrize("method", METHODS)
def test_wg_quick_brings_all_back_and_undoes_it(lab: Callable[..., Lab], tmp_path: Path, method: str) -> None:
    uplinks = build(lab, tmp_path)
    before = state(uplinks)
    uplinks.options = {"persist": "wg_quick", "default_route": {"method": method, "kill_switch": True, "keep": [KEEP]}}
    uplinks.run()
    client = partial(uplinks.lab.run, "client")
    checked = client(["systemd-analyze", "verify", UNIT], check=False)
    assert "wgfleet" not in checked.stdout + checked.stderr
    client([*WG_QUICK, "down", "wg0"])
    without = state(uplinks)
    assert {name: without[name] for name in ("routes", "routes6", "rules")} == {
        name: before[name] for name in ("routes", "routes6", "rules")
    }
    with uplinks.capturing() as packets:
        try_to_get_out(uplinks)
    assert [packet for packet in packets if not packet.is_of_the_link()] == []
    client(["nft", "flush", "ruleset"])
    client(["sysctl", "-qw", "net.ipv4.conf.all.src_valid_mark=0"])
    client(["sh", "-c", "sysctl -q -p /etc/sysctl.d/61-wgfleet* || true"])
    client([*WG_QUICK, "up", "wg0"])
    assert [uplinks.seen_as(version) for version in (4, 6)] == [GATEWAY[4], GATEWAY[6]]
    (again,) = uplinks.run()
    assert (again["steps"], again["writes"]) == ([], 0)
    uplinks.call({"name": "wg0", "state": "absent"})
    assert_as(uplinks, before)


@pytest.mark.parametrize("method", ["rule", "replace"])
def test_the_way_of_the_tunnel_follows_a_gateway_that_has_moved(
    lab: Callable[..., Lab], tmp_path: Path, method: str
) -> None:
    uplinks = build(lab, tmp_path)
    wish = {"default_route": {"method": method}}
    uplinks.run(**wish)
    assert uplinks.seen_as(4) == GATEWAY[4]
    uplinks.moved = True
    _moved, again = uplinks.run(twice=True, **wish)
    assert (again["changed"], again["writes"]) == (False, 0)
    assert uplinks.seen_as(6) == GATEWAY[6]
    shown = uplinks.lab.run("client", ["sh", "-c", "wg show wg0 endpoints; ip route; ip rule"]).stdout
    assert MOVED[4] in shown
    assert f"{GATEWAY[4]} " not in shown


def test_without_a_way_for_the_tunnel_nothing_is_written(lab: Callable[..., Lab], tmp_path: Path) -> None:
    uplinks = build(lab, tmp_path)
    uplinks.lab.run("client", ["ip", "route", "del", "default"])
    before = state(uplinks)
    for method in ("halves", "replace"):
        (refused,) = uplinks.run(code=2, default_route={"method": method})
        assert refused["problems"][0]["place"] == "default_route.method"
        assert "no usable IPv4 default route" in refused["msg"]
    assert_as(uplinks, before)
