# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module linux_gateway on a host without another firewall, judged by packets."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.gateway_site import (
    MASQUERADE,
    SITE,
    Site,
    serving,
)
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import answers

# Prints the segment size of each first packet that comes in, of a connection to or from the server's port.
CAPTURE = """
import socket
channel = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
channel.bind(("eth0", 3))
print("ready", flush=True)
while True:
    packet, place = channel.recvfrom(65535)
    segment = packet[20:] if packet[0] >> 4 == 4 and packet[9] == 6 else packet[40:] if packet[6] == 6 else b""
    if place[2] == 4 or len(segment) < 24 or not segment[13] & 2:
        continue
    assert segment[20] == 2
    print(int.from_bytes(segment[22:24], "big"), flush=True)
"""

IPV4, IPV6 = "203.0.113.1", "2001:db8::1"  # of the server
OFFICE = ("203.0.113.2", "2001:db8::3")  # what the kernel chooses of the gateway's addresses


@pytest.fixture
def site(lab: Callable[..., Lab], playbooks: Playbooks) -> Iterator[Site]:
    built = lab(SITE)
    with serving(built):
        yield Site(built, playbooks)


def both(site: Site) -> tuple[str, str]:
    """The addresses under which the server sees the client."""
    return site.seen(IPV4), site.seen(IPV6)


def outbound(**options: Any) -> dict[str, Any]:
    sources = ("10.9.0.0/24", "fd09::/64")
    return {**MASQUERADE, "outbound": [{"source": source, "interface": "wg0", **options} for source in sources]}


def test_a_client_reaches_the_internet_with_the_address_of_the_gateway_and_nothing_is_left(site: Site) -> None:
    before = site.lab.snapshot("office1")
    assert both(site) == ("", "")
    first = site.gateway(**MASQUERADE)
    assert first["changed"] is True, first
    assert both(site) == OFFICE
    second = site.gateway(**MASQUERADE)
    assert (second["changed"], second["writes"]) == (False, 0)
    gone = site.gateway(state="absent")
    assert gone["changed"] is True
    assert (site.lab.snapshot("office1"), site.left()) == (before, "")
    assert site.gateway(state="absent")["writes"] == 0


def test_a_fixed_address_takes_the_place_of_the_clients(site: Site) -> None:
    options = outbound()
    options["outbound"][0]["translation"], options["outbound"][1]["translation"] = "203.0.113.3", "2001:0db8::2"
    assert site.gateway(**options)["changed"] is True
    assert both(site) == ("203.0.113.3", "2001:db8::2")
    assert site.gateway(**options)["writes"] == 0
    assert site.gateway(**MASQUERADE)["changed"] is True
    assert both(site) == OFFICE


def test_a_routed_prefix_keeps_its_addresses(site: Site) -> None:
    for words in (["10.9.0.0/24", "via", "203.0.113.2"], ["fd09::/64", "via", "2001:db8::2"]):
        site.run("ip", "route", "add", *words, host="server")
    site.gateway(**MASQUERADE)
    assert both(site) == OFFICE
    assert site.gateway(**outbound(translation="none"))["changed"] is True
    assert both(site) == ("10.9.0.2", "fd09::2")


def test_automatically_the_default_route_with_the_lowest_metric_is_the_way_out(site: Site) -> None:
    site.run("ip", "route", "add", "default", "via", "192.168.5.9", "metric", "50")
    site.run("ip", "-6", "route", "add", "default", "via", "fd05::9", "metric", "5000")
    assert site.gateway(**MASQUERADE)["changed"] is True
    assert both(site) == OFFICE


def test_without_a_default_route_nothing_is_written(site: Site) -> None:
    site.run("ip", "-6", "route", "del", "default")
    before = site.lab.snapshot("office1")
    refused = site.gateway(**MASQUERADE)
    assert [problem["place"] for problem in refused["problems"]] == ["outbound[1].out_interface"]
    assert "no single default route for IPv6" in refused["msg"]
    assert (site.lab.snapshot("office1"), site.left()) == (before, "")
    assert site.gateway(**outbound(out_interface="wan"))["changed"] is True
    assert both(site) == OFFICE


FULL: dict[str, Any] = {
    **MASQUERADE,
    "listen_ports": [51820],
    "accept_from": [{"source": "10.9.0.0/24", "interface": "wg0"}, {"source": "fd09::/64", "interface": "wg0"}],
    "forward_pairs": [{"local": "192.168.5.0/24", "remote": "10.9.0.0/24", "interface": "wg0"}],
    "serve_dns": [{"source": "10.9.0.0/24", "interface": "wg0"}],
    "clamp_mss": ["wg0"],
    "proxy_arp": ["lan"],
    "proxy_ndp": [{"interface": "lan", "address": "fd09::2"}],
}


def test_everything_at_once_is_read_back_corrected_and_removed(site: Site) -> None:
    before = site.lab.snapshot("office1")
    announced = site.gateway(flags=("--check", "--diff"), **FULL)
    assert (announced["writes"], site.lab.snapshot("office1"), site.left()) == (0, before, "")
    done = site.gateway(flags=("--diff",), **FULL)
    assert (announced["steps"], announced["diff"]) == (done["steps"], done["diff"])
    assert site.gateway(**FULL)["writes"] == 0
    table = site.lab.snapshot("office1")
    for tampering in (
        ["nft", "flush", "chain", "inet", "wgfleet_gateway_wg0", "postrouting"],
        ["nft", "flush chain inet wgfleet_gateway_wg0 clamp; delete chain inet wgfleet_gateway_wg0 clamp"],
        ["nft", "insert", "rule", "inet", "wgfleet_gateway_wg0", "forward", "drop"],
        ["nft", "add", "chain", "inet", "wgfleet_gateway_wg0", "mine"],
        ["nft", "chain inet wgfleet_gateway_wg0 forward { policy drop; }"],
        ["nft", "flush", "ruleset"],
        ["ip", "-6", "neigh", "del", "proxy", "fd09::2", "dev", "lan"],
    ):
        site.run(*tampering)
        corrected = site.gateway(**FULL)
        assert corrected["changed"] is True, tampering
        assert site.gateway(**FULL)["writes"] == 0
        assert rules(site) == rules_of(table), tampering
    site.gateway(state="absent")
    assert (site.lab.snapshot("office1"), site.left(), site.run("ip", "-6", "neigh", "show", "proxy")) == (
        before,
        "",
        "",
    )


def rules_of(snapshot: dict[str, Any]) -> list[Any]:
    """The rules of a snapshot without their handles."""
    found = [each["rule"] for each in snapshot["nftables"]["nftables"] if "rule" in each]
    return [{**rule, "handle": 0} for rule in found]


def rules(site: Site) -> list[Any]:
    return rules_of(site.lab.snapshot("office1"))


def test_the_script_for_the_boot_makes_the_same_of_a_host_that_has_started_anew(site: Site) -> None:
    site.gateway(**FULL)
    running = rules(site)
    for _time in range(2):
        site.run("sh", "/etc/wgfleet/gateway-wg0.sh")
        assert rules(site) == running
    site.run("nft", "flush", "ruleset")
    site.run("ip", "-6", "neigh", "del", "proxy", "fd09::2", "dev", "lan")
    site.run("sh", "/etc/wgfleet/gateway-wg0.sh")
    assert (rules(site), both(site)) == (running, OFFICE)
    assert site.gateway(**FULL)["writes"] == 0


def test_segments_fit_the_tunnel_both_ways(site: Site) -> None:
    site.run("ip", "link", "set", "wg0", "mtu", "1280")
    site.gateway(**MASQUERADE)
    assert segments(site) == {1460, 1440}
    site.gateway(**{**MASQUERADE, "clamp_mss": ["wg0"]})
    assert segments(site) == {1280 - 40, 1280 - 60}


def segments(site: Site) -> set[int]:
    """The sizes that the ends of two connections tell each other, as captured behind the gateway on either side."""
    captures = [
        site.lab.start(host, [sys.executable, "-c", CAPTURE], stdout=subprocess.PIPE) for host in ("server", "client")
    ]
    found = set()
    try:
        for capture in captures:
            assert capture.stdout is not None
            assert capture.stdout.readline() == "ready\n"
        assert both(site) == OFFICE
    finally:
        for capture in captures:
            time.sleep(0.2)
            capture.terminate()
            found |= set(map(int, capture.communicate()[0].split()))
    return found


def test_the_host_answers_on_the_lan_for_those_behind_the_tunnel(site: Site) -> None:
    site.run("ip", "route", "del", "10.9.0.0/24", host="office1-pc")
    site.run("ip", "-6", "route", "del", "fd09::/64", host="office1-pc")
    site.run("ip", "route", "add", "10.9.0.2/32", "dev", "eth0", host="office1-pc")
    site.run("ip", "-6", "route", "add", "fd09::2/128", "dev", "eth0", host="office1-pc")
    assert not site.answers("10.9.0.2", host="office1-pc")
    site.gateway(forwarding=["ipv4", "ipv6"], proxy_arp=["lan"], proxy_ndp=[{"interface": "lan", "address": "fd09::2"}])
    # The question above has had no answer, and another is not asked until it is given up.
    site.run("ip", "neigh", "flush", "all", host="office1-pc")
    # The kernel takes its time to answer for others: up to neigh.*.proxy_delay, 0.8 s.
    assert answers(site.lab, "office1-pc", "10.9.0.2")
    assert answers(site.lab, "office1-pc", "fd09::2")
    site.gateway(forwarding=["ipv4", "ipv6"])
    site.run("ip", "neigh", "flush", "all", host="office1-pc")
    site.run("ip", "-6", "neigh", "flush", "all", host="office1-pc")
    assert not site.answers("10.9.0.2", host="office1-pc")
    assert not site.answers("fd09::2", host="office1-pc")


def test_lists_of_interfaces_are_refused(site: Site) -> None:
    refused = site.gateway(list_members=[{"list": "LAN", "interface": "wg0"}])
    assert [problem["place"] for problem in refused["problems"]] == ["list_members"]


def test_a_host_without_nft_is_refused_before_any_write_and_can_still_forward(site: Site) -> None:
    before = site.lab.snapshot("office1")
    site.run("mv", "/usr/sbin/nft", "/usr/sbin/away")
    refused = site.gateway(**MASQUERADE)
    assert "install nftables" in refused["msg"]
    assert site.gateway(forwarding=["ipv4"])["changed"] is True
    site.gateway(state="absent")
    site.run("mv", "/usr/sbin/away", "/usr/sbin/nft")
    assert (site.lab.snapshot("office1"), site.left()) == (before, "")


# Stands for nft on a kernel that has no translation of addresses.
POOR_NFT = """#!/bin/sh
case "$*" in *list*) exec nft.real "$@" ;; esac
grep -q masquerade && echo "Error: Could not process rule: Operation not supported" >&2 && exit 1
"""


def test_a_kernel_that_cannot_translate_is_refused_before_any_write(site: Site) -> None:
    before = site.lab.snapshot("office1")
    site.run("mv", "/usr/sbin/nft", "/usr/sbin/nft.real")
    site.run("sh", "-c", "cat >/usr/sbin/nft; chmod +x /usr/sbin/nft", input=POOR_NFT)
    refused = site.gateway(**MASQUERADE)
    site.run("mv", "/usr/sbin/nft.real", "/usr/sbin/nft")
    assert "Operation not supported" in refused["msg"]
    assert (site.lab.snapshot("office1"), site.left()) == (before, "")


def test_the_unit_for_the_boot_is_sound_and_is_removed_with_its_links(site: Site) -> None:
    site.gateway(**FULL)
    unit = "/etc/systemd/system/wgfleet-gateway-wg0.service"
    neighbours = "/etc/systemd/system/wgfleet-neighbours-wg0.service"
    judged = site.lab.run("office1", ["systemd-analyze", "verify", unit, neighbours], check=False)
    assert "wgfleet" not in judged.stderr, judged.stderr
    assert site.run("stat", "-c", "%a", unit, neighbours).split() == ["644", "644"]
    late = "/etc/systemd/system/multi-user.target.wants/wgfleet-neighbours-wg0.service"
    assert site.run("readlink", late).strip() == neighbours
    starters = [
        "sysinit.target",
        "nftables.service",
        "netfilter-persistent.service",
        "iptables.service",
        "ip6tables.service",
    ]
    for starter in starters:
        link = f"/etc/systemd/system/{starter}.wants/wgfleet-gateway-wg0.service"
        assert site.run("readlink", link).strip() == unit
    site.gateway(state="absent")
    assert site.left() == ""


def test_two_users_do_not_disturb_each_other(site: Site) -> None:
    site.gateway("wg0", **MASQUERADE)
    before = site.lab.snapshot("office1")
    site.gateway("guests", **FULL)
    assert site.gateway("wg0", **MASQUERADE)["writes"] == 0
    site.gateway("guests", state="absent")
    assert site.lab.snapshot("office1") == before
    assert both(site) == OFFICE
