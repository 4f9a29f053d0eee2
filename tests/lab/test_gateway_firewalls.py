# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module linux_gateway on a host that another firewall rules, judged by packets.

Every firewall here drops all that the module is asked to let through, and the packets show it before. What is installed
on the machine that runs the tests does not matter: each firewall runs in a host of a lab only.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab import firewalls
from ansible_collections.wgfleet.wireguard.tests.lab.firewalls import (
    STARTS,
    start_firewalld,
    start_iptables,
    start_nftables,
    start_ufw,
)
from ansible_collections.wgfleet.wireguard.tests.lab.gateway_site import MASQUERADE, SITE, Site, serving
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks

NEEDS: dict[str, Any] = {
    **MASQUERADE,
    "listen_ports": [51820],
    "accept_from": [{"source": "fd09::/64", "interface": "wg0"}],
    "forward_pairs": [
        {"local": "192.168.5.0/24", "remote": "10.9.0.0/24", "interface": "wg0"},
        {"local": "fd05::/64", "remote": "fd09::/64", "interface": "wg0"},
    ],
    "serve_dns": [{"source": "10.9.0.0/24", "interface": "wg0"}],
}
# What has to be opened for these, in the words of an error that says so.
OPENINGS = {
    "udp 51820 in",
    "everything in from fd09::/64 wg0",
    "10.9.0.0/24 wg0 -> 192.168.5.0/24",
    "192.168.5.0/24 -> 10.9.0.0/24 wg0",
    "fd09::/64 wg0 -> fd05::/64",
    "fd05::/64 -> fd09::/64 wg0",
    "udp 53 in from 10.9.0.0/24 wg0",
    "tcp 53 in from 10.9.0.0/24 wg0",
    "10.9.0.0/24 wg0 -> wan",
    "fd09::/64 wg0 -> wan",
}
LISTENER = """
import socket, sys
channel = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
channel.bind(("::", int(sys.argv[1])))
channel.settimeout(2)
print("ready", flush=True)
while True:
    print(channel.recvfrom(100)[1][0], flush=True)
"""
SENDER = """
import socket, sys
family, address, port, sender = sys.argv[1:]
channel = socket.socket(int(family), socket.SOCK_DGRAM)
if sender:
    channel.setsockopt(socket.SOL_IP, 19, 1)  # IP_TRANSPARENT, linux/in.h
    channel.bind((sender, 0))
channel.sendto(b"x", (address, int(port)))
"""


@pytest.fixture
def bare(lab: Callable[..., Lab], playbooks: Playbooks) -> Iterator[Site]:
    built = lab(SITE)
    with serving(built), serving(built, "office1", 53), serving(built, "office1-pc"):
        yield Site(built, playbooks)


@pytest.fixture(params=list(STARTS))
def site(request: pytest.FixtureRequest, bare: Site) -> Site:
    STARTS[request.param](bare.lab, "office1")
    return bare


def reached(site: Site) -> dict[str, bool]:
    """What gets through, of all that is to get through."""
    return {
        "internet": site.seen("203.0.113.1") == "203.0.113.2",
        "internet6": site.seen("2001:db8::1") == "2001:db8::3",
        "lan": site.seen("192.168.5.9") == "10.9.0.2",
        "lan6": site.seen("fd05::9") == "fd09::2",
        "dns": site.seen("10.9.0.1", 53) == "10.9.0.2",
        "host": site.seen("fd09::1", 53) == "fd09::2",
        "port": datagram(site, "203.0.113.2"),
        "port6": datagram(site, "2001:db8::3"),
    }


def strangers(site: Site) -> dict[str, bool]:
    """What gets through, of what must not."""
    return {
        "dns": bool(site.seen("203.0.113.2", 53, host="server")),
        "backwards": bool(site.seen("10.9.0.2", host="server")),
        "lan": bool(site.seen("203.0.113.1", host="office1-pc")),
        "pretender": datagram(site, "203.0.113.2", port=53, sender="10.9.0.77"),
    }


def datagram(site: Site, address: str, port: int = 51820, sender: str = "") -> bool:
    """Tell whether a datagram of the server, which may have an address of another, comes to a port of the gateway."""
    listener = site.lab.start("office1", [sys.executable, "-c", LISTENER, str(port)], stdout=-1, stderr=-3)
    with listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        site.run(sys.executable, "-c", SENDER, str(int(family)), address, str(port), sender, host="server")
        return listener.stdout.readline() != ""


def to_be_opened(refused: dict[str, Any]) -> set[str]:
    """What an error says has to be opened."""
    return set(refused["msg"].partition(". To be opened: ")[2].split("; "))


def rules(site: Site) -> list[Any]:
    """All rules of the gateway's firewalls."""
    return firewalls.rules(site.lab, "office1")


def test_what_is_needed_gets_through_and_what_was_there_before_is_as_before(site: Site) -> None:
    before, files = rules(site), site.left()
    assert not any(reached(site).values()), reached(site)
    first = site.gateway(**NEEDS)
    assert first["changed"] is True, first
    assert all(reached(site).values()), reached(site)
    assert not any(strangers(site).values()), strangers(site)
    second = site.gateway(**NEEDS)
    assert (second["changed"], second["writes"], second["steps"]) == (False, 0, [])
    less = site.gateway(**{**NEEDS, "forward_pairs": [], "listen_ports": []})
    assert less["changed"] is True
    assert {name for name, through in reached(site).items() if not through} == {"lan", "lan6", "port", "port6"}
    assert site.gateway(state="absent")["changed"] is True
    assert (rules(site), site.left()) == (before, files)
    assert not any(reached(site).values()), reached(site)
    assert site.gateway(state="absent")["writes"] == 0


@pytest.mark.parametrize("kind", ["nftables", "iptables-nft", "iptables-legacy"])
def test_after_a_boot_what_is_needed_gets_through_again(bare: Site, kind: str) -> None:
    STARTS[kind](bare.lab, "office1")
    bare.gateway(**NEEDS)
    running = rules(bare)
    bare.run("nft", "flush", "ruleset")
    STARTS[kind](bare.lab, "office1")
    assert not reached(bare)["lan"]
    for _time in range(2):
        bare.run("sh", "/etc/wgfleet/gateway-wg0.sh")
    assert all(reached(bare).values()), reached(bare)
    assert not any(strangers(bare).values()), strangers(bare)
    again = bare.gateway(**NEEDS)
    assert (again["writes"], again["steps"]) == (0, [])
    assert len(str(rules(bare))) == len(str(running))


def test_a_firewall_that_is_to_be_left_alone_is_told_nothing(bare: Site) -> None:
    start_nftables(bare.lab, "office1")
    told = bare.gateway(**{**NEEDS, "firewall": "own"})
    assert (told["changed"], any("firewall" in step for step in told["steps"])) == (True, False)
    assert not reached(bare)["lan"]


def test_a_rule_that_came_to_stand_before_ours_is_overtaken(bare: Site) -> None:
    start_nftables(bare.lab, "office1")
    bare.gateway(**NEEDS)
    bare.run("nft", "insert", "rule", "inet", "filter", "input", "udp", "dport", "51820", "drop")
    bare.run("nft", "insert", "rule", "inet", "filter", "forward", "iifname", "wg0", "ip", "saddr", "10.9.0.2", "drop")
    assert not reached(bare)["port"]
    moved = bare.gateway(**NEEDS)
    assert {step["do"] for step in moved["steps"]} == {"move_opening"}
    assert all(reached(bare).values()), reached(bare)
    assert bare.gateway(**NEEDS)["writes"] == 0


def test_a_ufw_that_denies_just_what_is_needed_is_refused_before_any_write(bare: Site) -> None:
    start_ufw(bare.lab, "office1")
    bare.run("ufw", "deny", "51820/udp")
    before = rules(bare)
    refused = bare.gateway(**NEEDS)
    assert [problem["place"] for problem in refused["problems"]] == ["firewall"]
    assert "ufw delete deny proto udp from any to any port 51820" in refused["msg"]
    assert to_be_opened(refused) == OPENINGS
    assert (rules(bare), bare.left()) == (before, "")


def test_a_ufw_without_ipv6_is_refused_before_any_write_and_told_what_is_ipv4(bare: Site) -> None:
    start_ufw(bare.lab, "office1", ipv6="no")
    before = rules(bare)
    refused = bare.gateway(**NEEDS)
    assert [problem["place"] for problem in refused["problems"]] == ["firewall"]
    assert "set IPV6=yes in /etc/default/ufw" in refused["msg"]
    assert to_be_opened(refused) == OPENINGS
    assert (rules(bare), bare.left()) == (before, "")
    assert not bare.seen("203.0.113.1")
    with_ipv4_alone = {**NEEDS, "forwarding": ["ipv4"], "accept_from": []}
    for option in ("outbound", "forward_pairs"):
        with_ipv4_alone[option] = [each for each in NEEDS[option] if "fd" not in str(each)]
    assert bare.gateway(**with_ipv4_alone)["changed"] is True
    assert {name for name, through in reached(bare).items() if through} == {"internet", "lan", "dns", "port"}
    assert bare.gateway(**with_ipv4_alone)["writes"] == 0


def test_a_firewalld_that_rules_by_iptables_is_refused_before_any_write(bare: Site) -> None:
    start_firewalld(bare.lab, "office1", backend="iptables")
    before = rules(bare)
    refused = bare.gateway(**NEEDS)
    assert [problem["place"] for problem in refused["problems"]] == ["firewall"]
    assert "set FirewallBackend=nftables in /etc/firewalld/firewalld.conf" in refused["msg"]
    of_ipv4 = {words for words in OPENINGS if "fd" not in words}  # each version has a table, and the first one speaks
    assert {words for words in to_be_opened(refused) if "(answers)" not in words} == of_ipv4
    assert (rules(bare), bare.left()) == (before, "")
    assert bare.gateway(**{**NEEDS, "firewall": "own"})["changed"] is True


def test_a_firewall_that_cannot_be_read_is_refused_unless_it_is_to_be_left_alone(bare: Site) -> None:
    start_iptables(bare.lab, "office1", "legacy")
    bare.run("sh", "-c", "rm /usr/sbin/ip*tables-legacy*")
    before = rules(bare)
    refused = bare.gateway(**NEEDS)
    assert [problem["place"] for problem in refused["problems"]] == ["firewall"]
    assert "rules of iptables-legacy, and the program is not installed" in refused["msg"]
    assert to_be_opened(refused) >= OPENINGS
    assert (rules(bare), bare.left()) == (before, "")
    own = {**NEEDS, "firewall": "own"}
    assert bare.gateway(**own)["changed"] is True
    assert bare.gateway(**own)["writes"] == 0
    assert bare.gateway(state="absent")["changed"] is True
    assert (rules(bare), bare.left()) == (before, "")
