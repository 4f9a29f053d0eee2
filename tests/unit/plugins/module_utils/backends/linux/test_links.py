# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, addresses, routes and rules, judged by `ip`, in a network namespace of each test's own."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import struct
import subprocess
from typing import Any, Iterator

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.links import Links
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import inside
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, NoSuchInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Route, Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_interface_address,
    parse_prefix,
)

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
    pytest.mark.skipif(not os.path.exists("/dev/net/tun"), reason="this machine has no tun devices"),
]

TUNSETIFF, IFF_TUN = 0x400454CA, 0x1  # linux/if_tun.h


def ip(netns: str, *words: str) -> Any:
    """Run ip in a namespace and give what it prints, as data."""
    command = ["ip", "-n", netns, "-j", *words]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output) if output.strip() else None


@pytest.fixture
def netns() -> Iterator[str]:
    name = "wgfleet-links-" + secrets.token_hex(4)
    subprocess.run(["ip", "netns", "add", name], check=True)
    ip(name, "tuntap", "add", "wg0", "mode", "tun")
    ip(name, "link", "set", "lo", "up")
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.fixture
def links(netns: str) -> Iterator[Links]:
    links = Links("wg0", netns)
    yield links
    links.close()


def address(text: str) -> Any:
    return parse_interface_address(text)


def addresses(*texts: str) -> Any:
    return frozenset(map(parse_interface_address, texts))


def route(text: str, **rest: int) -> Route:
    return Route(parse_prefix(text), **rest)


def test_a_link_is_read_with_kind_mtu_and_state(links: Links) -> None:
    link = links.read()
    assert link is not None
    assert (link.kind, link.mtu, link.up) == ("tun", 1500, False)


def test_a_missing_link_reads_as_none(netns: str) -> None:
    links = Links("wg1", netns)
    assert links.read() is None
    with pytest.raises(NoSuchInterface):
        links.addresses()
    links.close()


def test_mtu_and_state_are_changed_alone_and_together(netns: str, links: Links) -> None:
    links.change(mtu=1400)
    links.change(up=True)
    shown = ip(netns, "link", "show", "wg0")[0]
    assert shown["mtu"] == 1400 and "UP" in shown["flags"]
    links.change(mtu=1300, up=False)
    shown = ip(netns, "link", "show", "wg0")[0]
    assert shown["mtu"] == 1300 and "UP" not in shown["flags"]


def test_a_removed_link_is_gone_and_removing_it_again_is_no_error(netns: str, links: Links) -> None:
    links.remove()
    links.remove()
    assert [row["ifname"] for row in ip(netns, "link", "show")] == ["lo"]


def test_addresses_come_and_go(netns: str, links: Links) -> None:
    wanted = addresses("10.0.0.1/24", "10.0.0.2/24", "10.0.1.1/32", "fd00::1/64", "fe80::1/64")
    for each in wanted:
        links.add_address(each)
        links.add_address(each)
    assert links.addresses() == wanted
    shown = {
        f"{entry['local']}/{entry['prefixlen']}" for entry in ip(netns, "address", "show", "dev", "wg0")[0]["addr_info"]
    }
    assert shown == set(map(str, wanted))
    for each in wanted:
        links.remove_address(each)
        links.remove_address(each)
    assert links.addresses() == frozenset()


def test_a_link_local_address_of_the_kernel_is_not_seen_and_a_declared_one_is(netns: str, links: Links) -> None:
    with inside(netns), open("/dev/net/tun", "r+b", buffering=0) as tun:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"wg0", IFF_TUN))
        links.change(up=True)
        entries = ip(netns, "address", "show", "dev", "wg0")[0]["addr_info"]
        assert [entry["scope"] for entry in entries] == ["link"], "the kernel makes one on tun devices"
        links.add_address(address("fe80::7/64"))
        assert links.addresses() == addresses("fe80::7/64")


def test_removing_one_address_keeps_its_neighbours_and_all_routes(links: Links) -> None:
    links.change(up=True)
    for text in ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"):
        links.add_address(address(text))
    links.routing.add_route(route("10.9.0.0/16"))
    links.remove_address(address("10.0.0.1/24"))
    assert links.addresses() == addresses("10.0.0.2/24", "10.0.0.3/24")
    for text in ("10.0.0.2/24", "10.0.0.3/24"):
        links.remove_address(address(text))
    assert links.addresses() == frozenset()
    assert links.routing.routes() == {route("10.9.0.0/16")}


def test_an_ipv6_address_changes_its_length(links: Links) -> None:
    links.add_address(address("fd00::1/64"))
    links.add_address(address("fd00::1/128"))
    links.remove_address(address("fd00::1/64"))
    assert links.addresses() == addresses("fd00::1/128")


def test_a_link_that_goes_down_keeps_its_addresses(links: Links) -> None:
    links.change(up=True)
    for text in ("10.0.0.1/24", "fd00::1/64"):
        links.add_address(address(text))
    links.change(up=False)
    assert links.addresses() == addresses("10.0.0.1/24", "fd00::1/64")


ROUTES = [
    route("10.1.0.0/16"),
    route("0.0.0.0/0", table=51820),
    route("0.0.0.0/0"),
    route("10.1.0.0/16", table=100, metric=7),
    route("10.1.0.0/16", metric=7),
    route("10.1.2.3/32"),
    route("fd01::/64"),
    route("::/0", table=51820),
    route("::/0"),
    route("fd01::/64", table=100, metric=7),
]


def test_routes_of_any_table_and_metric_come_and_go(netns: str, links: Links) -> None:
    links.change(up=True)
    for each in ROUTES:
        links.routing.add_route(each)
        links.routing.add_route(each)
    assert links.routing.routes() == frozenset(ROUTES)
    shown = [ip(netns, way, "route", "show", "table", "all", "protocol", str(ROUTE_PROTOCOL)) for way in ("-4", "-6")]
    assert sum(map(len, shown)) == len(ROUTES)
    for number, each in enumerate(ROUTES, start=1):
        links.routing.remove_route(each)
        assert links.routing.routes() == frozenset(ROUTES[number:])


def test_routes_of_others_are_neither_read_nor_removed(netns: str, links: Links) -> None:
    links.change(up=True)
    ip(netns, "route", "add", "10.1.0.0/16", "dev", "wg0", "table", "5")
    ip(netns, "route", "add", "10.2.0.0/16", "dev", "lo", "protocol", str(ROUTE_PROTOCOL))
    assert links.routing.routes() == frozenset()
    links.routing.remove_route(route("10.1.0.0/16", table=5))
    links.routing.remove_route(route("10.2.0.0/16"))
    assert len(ip(netns, "route", "show", "table", "5")) == 1
    assert len(ip(netns, "route", "show", "10.2.0.0/16")) == 1


@pytest.mark.parametrize("destination", ["10.1.0.0/16", "fd01::/64"])
def test_a_route_of_someone_else_to_the_same_place_is_refused_and_named(
    netns: str, links: Links, destination: str
) -> None:
    links.change(up=True)
    link = links.read()
    assert link is not None
    ip(netns, "route", "add", destination, "dev", "lo", "metric", "5")
    links.routing.refuse_rivals([route(destination, metric=6), route(destination, table=5, metric=5)], link.number)
    with pytest.raises(DeviceError, match=destination + " table 254 metric 5 exists"):
        links.routing.refuse_rivals([route(destination, metric=5)], link.number)
    with pytest.raises(DeviceError, match=destination + " table 254 metric 5 exists"):
        links.routing.add_route(route(destination, metric=5))


@pytest.mark.parametrize("destination", ["10.0.0.0/24", "fd01::/64"])
def test_a_route_through_this_interface_becomes_ours(netns: str, links: Links, destination: str) -> None:
    links.change(up=True)
    ip(netns, "route", "add", destination, "dev", "wg0")
    links.routing.add_route(route(destination))
    assert links.routing.routes() == {route(destination)}


RULES = [
    Rule(4, 100, 51820, fwmark=7, invert=True),
    Rule(4, 101, 254, suppress_prefixlength=0),
    Rule(4, 102, 200, source=parse_prefix("10.1.0.0/16"), destination=parse_prefix("10.2.0.0/16")),
    Rule(6, 100, 51820, fwmark=7, invert=True),
    Rule(6, 101, 254, suppress_prefixlength=0),
    Rule(6, 102, 200, source=parse_prefix("fd01::/64"), destination=parse_prefix("fd02::/64")),
]


def test_rules_come_and_go(netns: str, links: Links) -> None:
    for each in RULES:
        links.routing.add_rule(each)
        links.routing.add_rule(each)
    assert links.routing.rules() == frozenset(RULES)
    shown = {row["priority"]: row for row in ip(netns, "rule", "show")}
    assert shown[100]["fwmark"] == "0x7" and "not" in shown[100]
    assert shown[101]["suppress_prefixlen"] == 0
    assert (shown[102]["src"], shown[102]["dst"]) == ("10.1.0.0", "10.2.0.0")
    for number, each in enumerate(RULES, start=1):
        links.routing.remove_rule(each)
        links.routing.remove_rule(each)
        assert links.routing.rules() == frozenset(RULES[number:])
    assert len(ip(netns, "rule", "show")) == 3


def test_an_equal_rule_of_someone_else_stays(netns: str, links: Links) -> None:
    ip(netns, "rule", "add", "priority", "101", "table", "main", "suppress_prefixlength", "0")
    links.routing.add_rule(RULES[1])
    links.routing.remove_rule(RULES[1])
    assert links.routing.rules() == frozenset()
    assert [row["priority"] for row in ip(netns, "rule", "show")].count(101) == 1


def test_a_link_is_moved_into_its_namespace(netns: str) -> None:
    home, name = "wgfleet-home-" + secrets.token_hex(4), "moving0"
    subprocess.run(["ip", "netns", "add", home], check=True)
    try:
        with inside(home):
            subprocess.run(["ip", "tuntap", "add", name, "mode", "tun"], check=True)
            links = Links(name, netns)
            links.fetch()
            links.close()
        assert ip(netns, "link", "show", name)[0]["ifname"] == name
    finally:
        subprocess.run(["ip", "netns", "delete", home], check=True)


def test_a_missing_namespace_is_named() -> None:
    with pytest.raises(DeviceError, match="no network namespace wgfleet-nowhere"), inside("wgfleet-nowhere"):
        pass


def test_open_sockets_do_not_add_up(netns: str) -> None:
    def cycle() -> int:
        links = Links("wg0", netns)
        links.read()
        links.close()
        links.close()
        return len(os.listdir("/proc/self/fd"))

    assert cycle() == cycle()
