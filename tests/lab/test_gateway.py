# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module linux_gateway on a host: its switches now, at boot and after it has gone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, Topology

IPV4, IPV6 = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"
BOTH = ["ipv4", "ipv6"]


@pytest.fixture
def host(lab: Callable[..., Lab]) -> Lab:
    return lab({"hosts": {"office1": {}}, "links": []})


@pytest.fixture
def gateway(host: Lab, playbooks: Playbooks) -> Callable[..., dict[str, Any]]:
    """``gateway(*families, user=…, state=…)`` runs the module in the host and gives its result."""

    def run(*families: str, user: str = "corp", flags: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
        call = {"name": user, "forwarding": list(families), **options}
        task = {"name": "Forward", "wgfleet.wireguard.linux_gateway": call}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        done: PlaybookRun = playbooks.run(play, host.inventory(), arguments=flags, code=None)
        return done.of("linux_gateway")[0]

    return run


def switches(host: Lab) -> tuple[str, str]:
    state = host.snapshot("office1")["sysctl"]
    return state[IPV4], state[IPV6]


def set_switch(host: Lab, switch: str, value: int) -> None:
    host.run("office1", ["sysctl", "-qw", f"{switch}={value}"])


def boot(host: Lab) -> None:
    """Do what a boot does: all switches are off, then the files are read."""
    for switch in (IPV4, IPV6):
        set_switch(host, switch, 0)
    host.run("office1", ["sysctl", "-q", "--pattern", "forward", "--system"], check=False)


def left(host: Lab) -> str:
    found = host.run("office1", ["sh", "-c", "ls /etc/sysctl.d/60-wgfleet-* /var/lib/wgfleet"], check=False)
    return found.stdout.replace("/var/lib/wgfleet:", "").strip()


def test_forwarding_is_on_at_once_and_after_boot_and_off_after_removal(
    host: Lab, gateway: Callable[..., dict[str, Any]]
) -> None:
    before = host.snapshot("office1")
    first = gateway(*BOTH)
    assert (first["changed"], first["writes"], switches(host)) == (True, 4, ("1", "1"))
    second = gateway(*BOTH)
    assert (second["changed"], second["writes"]) == (False, 0)
    boot(host)
    assert switches(host) == ("1", "1")
    assert gateway(*BOTH)["changed"] is False
    assert gateway(state="absent")["changed"] is True
    assert (host.snapshot("office1"), left(host)) == (before, "")
    assert gateway(state="absent")["changed"] is False


def test_check_mode_announces_the_steps_of_the_run(host: Lab, gateway: Callable[..., dict[str, Any]]) -> None:
    announced = gateway(*BOTH, flags=("--check", "--diff"))
    assert (announced["changed"], announced["writes"], switches(host), left(host)) == (True, 0, ("0", "0"), "")
    done = gateway(*BOTH, flags=("--diff",))
    assert (announced["steps"], announced["diff"]) == (done["steps"], done["diff"])


def test_what_was_on_before_stays_on(host: Lab, gateway: Callable[..., dict[str, Any]]) -> None:
    set_switch(host, IPV4, 1)
    gateway(*BOTH)
    gateway(state="absent")
    assert (switches(host), left(host)) == (("1", "0"), "")


def test_a_switch_that_a_file_of_others_turned_on_is_left_alone(
    host: Lab, gateway: Callable[..., dict[str, Any]]
) -> None:
    gateway("ipv4")
    host.run("office1", ["tee", "/etc/sysctl.d/90-router.conf"], input=f"{IPV4} = 1\n")
    gateway(state="absent")
    assert (switches(host), left(host)) == (("1", "0"), "")
    boot(host)
    assert switches(host) == ("1", "0")


def test_a_file_of_others_that_turns_it_off_at_boot_is_named(host: Lab, gateway: Callable[..., dict[str, Any]]) -> None:
    host.run("office1", ["tee", "/etc/sysctl.d/90-hardening.conf"], input=f"{IPV4} = 0\n")
    assert "90-hardening.conf turns net.ipv4.ip_forward off" in gateway("ipv4")["warnings"][0]
    boot(host)
    assert switches(host) == ("0", "0")


def test_the_last_of_two_users_turns_it_off(host: Lab, gateway: Callable[..., dict[str, Any]]) -> None:
    gateway("ipv4", user="corp")
    gateway(*BOTH, user="guests")
    gateway(state="absent", user="corp")
    boot(host)
    assert switches(host) == ("1", "1")
    gateway("ipv6", user="guests")
    assert switches(host) == ("0", "1")
    gateway(state="absent", user="guests")
    assert (switches(host), left(host)) == (("0", "0"), "")


def test_a_host_whose_switches_are_read_only_is_refused_before_any_write(
    host: Lab, gateway: Callable[..., dict[str, Any]]
) -> None:
    host.run("office1", ["mount", "--bind", "-o", "ro", "/proc/sys", "/proc/sys"])
    host.run("office1", ["mount", "-o", "remount,ro,bind", "/proc/sys"])
    refused = gateway("ipv4")
    assert "this host cannot forward" in refused["msg"]
    assert left(host) == ""


@pytest.mark.parametrize("name", ["", "../corp", "a b"])
def test_a_name_that_is_no_file_name_is_refused(gateway: Callable[..., dict[str, Any]], name: str) -> None:
    assert gateway("ipv4", user=name)["problems"][0]["place"] == "name"


LINK: Topology = {
    "hosts": {"office1": {}, "provider": {}},
    "links": [{"a": "office1", "a_interface": "wan", "b": "provider", "b_interface": "office1"}],
}
# A router advertisement with a lifetime of 1800 s (RFC 4861, section 4.2); the kernel fills in the checksum.
ADVERTISE = """
import socket
channel = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
channel.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
message = bytes([134, 0, 0, 0, 64, 0]) + (1800).to_bytes(2, "big") + bytes(8)
channel.sendto(message, ("ff02::1", 0, 0, socket.if_nametoindex("office1")))
"""


def test_a_default_route_from_advertisements_survives_forwarding(lab: Callable[..., Lab], playbooks: Playbooks) -> None:
    host = lab(LINK)
    advertised = ["sh", "-c", "ip -6 route show default proto ra | grep -o 'dev wan'"]
    deadline = time.monotonic() + 10
    while host.run("office1", advertised, check=False).returncode:
        assert time.monotonic() < deadline, "the host takes no route from advertisements"
        host.run("provider", [sys.executable, "-c", ADVERTISE], check=False)
        time.sleep(0.1)
    for options, accept_ra in (({"forwarding": ["ipv6"]}, "2"), ({"state": "absent"}, "1")):
        task = {"name": "Forward", "wgfleet.wireguard.linux_gateway": {"name": "corp", **options}}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        playbooks.run(play, host.inventory("office1"))
        assert host.run("office1", ["cat", "/proc/sys/net/ipv6/conf/wan/accept_ra"]).stdout.strip() == accept_ra
        assert host.run("office1", advertised, check=False).returncode == 0


def test_an_interface_brings_its_gateway_and_takes_it_away(host: Lab, playbooks: Playbooks) -> None:
    def run(**options: Any) -> dict[str, Any]:
        task = {"name": "Tunnel", "wgfleet.wireguard.linux_interface": {"name": "wg0", **options}}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        return playbooks.run(play, host.inventory()).of("linux_interface")[0]

    before = host.snapshot("office1")
    made = run(gateway={"forwarding": ["ipv4"]})
    assert (made["steps"][0]["do"], made["steps"][-1]["do"]) == ("create_interface", "set_switch")
    assert (switches(host), left(host).splitlines()[0]) == (("1", "0"), "/etc/sysctl.d/60-wgfleet-wg0.conf")
    assert (run(gateway={"forwarding": ["ipv4"]})["writes"], run()["writes"]) == (0, 0)
    gone = run(state="absent")
    kinds = [step["do"] for step in gone["steps"]]
    assert kinds.index("set_switch") < kinds.index("keep_switches") < kinds.index("remove_interface")
    assert (host.snapshot("office1"), left(host)) == (before, "")
    assert run(state="absent")["changed"] is False
