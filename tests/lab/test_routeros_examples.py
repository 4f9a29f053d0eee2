# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples that people know, between two routers, from a declaration to packets that cross.

The first is "Site to Site WireGuard tunnel" of MikroTik's manual, where both have the default firewall here. The second
is the "Main Office" and "Satellite Office" of a well-known tutorial, whose routers have a bridge, DHCP and a masquerade
on ether1, and a filter that drops what comes in there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, Topology
from ansible_collections.wgfleet.wireguard.tests.lab.networks import PATIENTLY, Fleet, module_calls, silent, writes
from ansible_collections.wgfleet.wireguard.tests.lab.routers import (
    FILTER,
    PEERS,
    MixedLab,
    Rows,
    added,
    exported,
    is_ours,
    office,
    rows,
    switched_on,
)

Export = list[tuple[str, str]]
COUNTED = """
table inet seen {
    chain input {
        type filter hook input priority 0
        ip saddr 10.10.10.10 icmp type echo-request counter
    }
}
"""
OFFICES = ("office1", "office2")
MAIN, SATELLITE = "main", "satellite"
TUTORIAL: Topology = {
    "hosts": {
        "internet": {"forwarding": True},
        MAIN: {},
        SATELLITE: {},
        "main-pc": {"routes": {"0.0.0.0/0": "10.10.10.1"}},
        "satellite-pc": {"routes": {"0.0.0.0/0": "192.168.1.1"}},
    },
    "links": [
        {"a": MAIN, "a_interface": "wan", "b": "internet", "b_interface": "main", "b_addresses": ["24.58.12.1/25"]},
        {"a": SATELLITE, "a_interface": "wan", "b": "internet", "b_interface": "satellite",
         "b_addresses": ["76.59.108.1/25"]},
        {"a": MAIN, "a_interface": "lan", "b": "main-pc", "b_interface": "lan", "b_addresses": ["10.10.10.10/24"]},
        {"a": SATELLITE, "a_interface": "lan", "b": "satellite-pc", "b_interface": "lan",
         "b_addresses": ["192.168.1.10/24"]},
    ],
}  # fmt: skip
TUTORIAL_NETWORKS = {
    "offices": {
        "interface": "wireguard1",
        "port": 51820,
        "mtu": 1420,
        "pool": ["172.16.1.0/24"],
        "members": {
            MAIN: {"endpoint": "24.58.12.17", "routes": ["10.10.10.0/24"], "address": ["172.16.1.1/24"]},
            SATELLITE: {"endpoint": "76.59.108.9", "routes": ["192.168.1.0/24"], "address": ["172.16.1.2/24"]},
        },
    }
}
MANUAL_NETWORKS = {
    "offices": {
        "interface": "wireguard1",
        "port": 13231,
        "pool": ["10.255.255.0/30"],
        "members": {
            "office1": {"endpoint": "192.168.90.1", "routes": ["10.1.202.0/24"]},
            "office2": {"endpoint": "192.168.80.1", "routes": ["10.1.101.0/24"]},
        },
    }
}


class Example(NamedTuple):
    """A fleet of routers after its first run, and how they were before."""

    fleet: Fleet
    lab: MixedLab
    first: PlaybookRun
    rows: dict[str, Rows]
    exports: dict[str, Export]


def example(lab: MixedLab, playbooks: Playbooks, networks: dict[str, Any]) -> Example:
    """Build the tunnels of an example."""
    fleet = Fleet(lab, playbooks, tuple(lab.routers), networks)
    before = {host: rows(router) for host, router in lab.routers.items()}
    exports = {host: exported(lab, host) for host in lab.routers}
    return Example(fleet, lab, fleet.run(*PATIENTLY), before, exports)


@pytest.fixture(scope="module")
def manual(module_lab: Callable[[Topology | None], Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    lab = module_lab(None)
    sites = {"office1": ("192.168.90", "10.1.202.1/24"), "office2": ("192.168.80", "10.1.101.1/24")}
    with contextlib.ExitStack() as stack:
        routers = {
            host: stack.enter_context(
                switched_on(
                    lab, host, "--defconf", "--lan", lan, seed=office(f"{wan}.1/24", f"{wan}.254"),
                    ether1="wan", bridge="lan",
                )
            )
            for host, (wan, lan) in sites.items()
        }  # fmt: skip
        mixed = MixedLab(lab.name, lab.topology, routers)
        yield example(mixed, Playbooks(tmp_path_factory.mktemp("manual")), MANUAL_NETWORKS)


def existing(wan: str, hop: str, lan: str, network: str, pool: str) -> dict[str, Any]:
    """What a router of the tutorial had already."""
    drop = {"action": "drop", "in-interface": "ether1"}
    return {
        "/interface/bridge": [{"name": "bridge1"}],
        "/interface/bridge/port": [{"bridge": "bridge1", "interface": f"ether{number}"} for number in (2, 3, 4, 5)],
        "/ip/pool": [{"name": "dhcp_pool0", "ranges": pool}],
        "/ip/address": [{"interface": "ether1", "address": wan}, {"interface": "bridge1", "address": f"{lan}/24"}],
        "/ip/route": [{"gateway": hop}],
        "/ip/dhcp-server": [{"name": "dhcp1", "interface": "bridge1", "address-pool": "dhcp_pool0"}],
        "/ip/dhcp-server/network": [{"address": network, "gateway": lan, "dns-server": lan}],
        FILTER: [
            {"chain": "input", "connection-state": "established,related"},
            {"chain": "input", **drop},
            {"chain": "forward", "connection-state": "established,related"},
            {"chain": "forward", **drop, "connection-nat-state": "!dstnat"},
            {"chain": "forward", "action": "accept", "in-interface": "bridge1", "out-interface": "ether1"},
            {"chain": "forward", "action": "drop", "comment": "and nothing else"},
        ],
        "/ip/firewall/nat": [{"chain": "srcnat", "action": "masquerade", "out-interface": "ether1"}],
    }


@pytest.fixture(scope="module")
def tutorial(module_lab: Callable[[Topology], Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    lab = module_lab(TUTORIAL)
    seeds = {
        MAIN: existing("24.58.12.17/25", "24.58.12.1", "10.10.10.1", "10.10.10.0/24", "10.10.10.100-10.10.10.200"),
        SATELLITE: existing(
            "76.59.108.9/25", "76.59.108.1", "192.168.1.1", "192.168.1.0/24", "192.168.1.100-192.168.1.200"
        ),
    }
    with contextlib.ExitStack() as stack:
        routers = {
            host: stack.enter_context(switched_on(lab, host, seed=seed, ether1="wan", bridge1="lan"))
            for host, seed in seeds.items()
        }
        mixed = MixedLab(lab.name, lab.topology, routers)
        yield example(mixed, Playbooks(tmp_path_factory.mktemp("tutorial")), TUTORIAL_NETWORKS)


def new_lines(example: Example, host: str) -> Export:
    """What the export of a router has more than before; nothing that was there has gone or changed."""
    return added(example.exports[host], exported(example.lab, host))


def new_rows(example: Example, host: str, menu: str) -> list[dict[str, str]]:
    """The rows of a menu that were not there before."""
    return [row for row in rows(example.lab.routers[host])[menu] if row not in example.rows[host][menu]]


def converges(example: Example) -> None:
    """The first run took two calls on each router; another takes one and writes nothing."""
    hosts = example.fleet.hosts
    assert {host: module_calls(example.first, host) for host in hosts} == dict.fromkeys(hosts, 2)
    second = example.fleet.run()
    assert {host: module_calls(second, host) for host in hosts} == dict.fromkeys(hosts, 1)
    assert (second.changed(), writes(second)) == (0, 0)


def test_manual_packets_cross_both_ways(manual: Example) -> None:
    assert silent(manual.lab, [("office1-pc", "10.1.101.10"), ("office2-pc", "10.1.202.10")]) == []
    converges(manual)


def test_manual_router_has_what_the_manual_says(manual: Example) -> None:
    far = {
        "office1": ("office2", "192.168.80.1", "10.1.101.0/24"),
        "office2": ("office1", "192.168.90.1", "10.1.202.0/24"),
    }
    for host, (other, endpoint, lan) in far.items():
        (peer,) = new_rows(manual, host, PEERS)
        assert peer["public-key"] == manual.fleet.pinned(other, "offices")["public_key"]
        assert (peer["endpoint-address"], peer["endpoint-port"]) == (endpoint, "13231")
        assert lan in peer["allowed-address"].split(",")
        (route,) = [row for row in new_rows(manual, host, "/ip/route") if row["dst-address"] == lan]
        assert route["gateway"] == "wireguard1"
        (address,) = new_rows(manual, host, "/ip/address")
        assert address["address"] == manual.fleet.pinned(host, "offices")["addresses"][0]
        assert address["address"].endswith("/30")


def test_manual_only_what_is_ours_was_added_in_front_of_the_drops(manual: Example) -> None:
    # Both dial, so that packets would cross without the rule for the port too, as long as both do: hence its place.
    for host in OFFICES:
        assert {menu for menu, _line in new_lines(manual, host)} == {
            "/interface wireguard", "/interface wireguard peers", "/ip address", "/ip route", "/ip firewall filter",
            "/ipv6 firewall filter",
        }, host  # fmt: skip
        rules = [row for row in manual.lab.routers[host].rows(FILTER) if row["chain"] == "input"]
        drop = [row["comment"] for row in rules].index("defconf: drop all not coming from LAN")
        assert [number for number, row in enumerate(rules) if is_ours(row)] == [drop - 1]


def test_tutorial_packets_cross_both_ways_with_their_own_addresses(tutorial: Example) -> None:
    assert silent(tutorial.lab, [("main-pc", "192.168.1.10"), ("satellite-pc", "10.10.10.10")]) == []
    tutorial.lab.run("satellite-pc", ["nft", "-f", "-"], input=COUNTED)
    assert tutorial.lab.ping("main-pc", "192.168.1.10").received
    assert counted(tutorial.lab, "satellite-pc") > 0, "the masquerade hides the LAN from the other site"
    converges(tutorial)


def counted(lab: Lab, host: str) -> int:
    """Number of packets that the counter has seen."""
    words = lab.run(host, ["nft", "list", "table", "inet", "seen"]).stdout.split()
    return int(words[words.index("packets") + 1])


def test_tutorial_what_was_there_is_unchanged(tutorial: Example) -> None:
    for host in (MAIN, SATELLITE):
        new = new_lines(tutorial, host)
        assert {menu for menu, _line in new} == {
            "/interface wireguard", "/interface wireguard peers", "/ip address", "/ip route", "/ip firewall filter",
            "/ipv6 firewall filter",
        }, host  # fmt: skip
        (interface,) = [line for menu, line in new if menu == "/interface wireguard"]
        assert {"listen-port=51820", "mtu=1420", "name=wireguard1"} <= set(interface.split())
        (address,) = [line for menu, line in new if menu == "/ip address"]
        assert f"address={tutorial.fleet.pinned(host, 'offices')['addresses'][0]}" in address.split()


def test_tutorial_masquerade_still_serves_the_internet(tutorial: Example) -> None:
    for workstation, hop in (("main-pc", "24.58.12.1"), ("satellite-pc", "76.59.108.1")):
        assert tutorial.lab.ping(workstation, hop).received


def test_tutorial_teardown_leaves_the_routers_as_they_were(tutorial: Example) -> None:
    tutorial.fleet.run(play="teardown")
    for host, router in tutorial.lab.routers.items():
        assert rows(router) == tutorial.rows[host]
        assert exported(tutorial.lab, host) == tutorial.exports[host]
