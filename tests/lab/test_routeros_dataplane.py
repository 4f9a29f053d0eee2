# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated router forwards packets as it is configured, and only so: each omission has its consequence.

Both sites are simulated routers with the default firewall. ``office1`` dials, ``office2`` answers.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_endpoint,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import run
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Topology
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import (
    Simulator,
    plane_flags,
    simulator,
)
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

PEERS = "/interface/wireguard/peers"
FILTER = "/ip/firewall/filter"


@dataclass
class Site:
    """A simulated router and a session on it."""

    router: Simulator
    api: Client
    lan: str
    lan6: str


def site_seed(wan: str, hop: str, lan6: str) -> dict[str, object]:
    """What the router has before there is a tunnel."""
    return {
        "/ip/address": [{"interface": "ether1", "address": wan}],
        "/ipv6/address": [{"interface": "bridge", "address": lan6}],
        "/ip/route": [{"gateway": hop}],
    }


@contextlib.contextmanager
def running_site(lab: Lab, host: str, wan: str, hop: str, lan: str, lan6: str) -> Iterator[Site]:
    flags = ["--defconf", "--lan", lan, *plane_flags(lab.argv(host, []), ether1="wan", bridge="lan")]
    seed = site_seed(wan, hop, lan6)
    with simulator(*flags, seed=seed) as router, contextlib.closing(Client(router.port)) as api:
        yield Site(router, api, lan, lan6)


@pytest.fixture(scope="module")
def offices(module_lab: Callable[[Topology | None], Lab]) -> Iterator[tuple[Lab, Site, Site]]:
    lab = module_lab(None)
    first = ("192.168.90.1/24", "192.168.90.254", "10.1.202.1/24", "fd00:202::1/64")
    second = ("192.168.80.1/24", "192.168.80.254", "10.1.101.1/24", "fd00:101::1/64")
    with running_site(lab, "office1", *first) as one, running_site(lab, "office2", *second) as two:
        join(one, two)
        new_handshake(one)  # it dialled when the other was not there yet, and would wait five seconds
        yield lab, one, two


def key_of(site: Site) -> str:
    return site.api.rows("/interface/wireguard")[0]["public-key"]


def join(one: Site, two: Site) -> None:
    """Configure the site-to-site example of the manual; only the first site knows where the other is."""
    for site, number in ((one, 1), (two, 2)):
        site.api.add("/interface/wireguard", name="wg0", listen_port="13231")
        site.api.add("/ip/address", interface="wg0", address=f"10.255.255.{number}/30")
    ends = ((one, two, "10.1.101.0/24", "fd00:101::/64", "10.255.255.2/32"),
            (two, one, "10.1.202.0/24", "fd00:202::/64", "10.255.255.1/32"))  # fmt: skip
    for site, other, lan, lan6, far in ends:
        endpoint = {"endpoint_address": "192.168.80.1", "endpoint_port": "13231"} if site is one else {}
        site.api.add(
            PEERS, interface="wg0", public_key=key_of(other), allowed_address=f"{far},{lan},{lan6}", **endpoint
        )
        site.api.add("/ip/route", dst_address=lan, gateway="wg0")
        site.api.add("/ipv6/route", dst_address=lan6, gateway="wg0")
        first = site.api.rows(FILTER, "?dynamic=false")[0][".id"]
        site.api.add(FILTER, chain="input", protocol="udp", dst_port="13231", comment="wireguard", place_before=first)
        site.api.add("/interface/list/member", list="LAN", interface="wg0")


def crosses(lab: Lab, address: str = "10.1.101.10") -> bool:
    return bool(lab.ping("office1-pc", address, count=3, interval=0.3).received)


@contextlib.contextmanager
def changed(site: Site, menu: str, query: str, **values: str) -> Iterator[None]:
    """Change a row for a while."""
    row = site.api.rows(menu, query)[0]
    words = [f"={name.replace('_', '-')}={text}" for name, text in values.items()]
    back = [f"={name.replace('_', '-')}={row[name.replace('_', '-')]}" for name in values]
    assert site.api.run(f"{menu}/set", f"=.id={row['.id']}", *words).trap is None
    try:
        yield
    finally:
        assert site.api.run(f"{menu}/set", f"=.id={row['.id']}", *back).trap is None


def new_handshake(site: Site) -> None:
    """Let the next packet need a handshake: the peer is forgotten and made anew."""
    identity = site.api.rows(PEERS)[0][".id"]
    site.api.run(f"{PEERS}/disable", f"=.id={identity}")
    site.api.run(f"{PEERS}/enable", f"=.id={identity}")


def test_packets_cross_between_two_routers_in_both_families(offices: tuple[Lab, Site, Site]) -> None:
    lab, one, two = offices
    assert crosses(lab)
    assert crosses(lab, "fd00:101::10")
    for site in (one, two):
        row = site.api.rows(PEERS)[0]
        assert int(row["rx"]) > 0
        assert int(row["tx"]) > 0
        assert row["last-handshake"].endswith("s")
    learned = two.api.rows(PEERS)[0]
    assert (learned["current-endpoint-address"], learned["current-endpoint-port"]) == ("192.168.90.1", "13231")


def test_a_peer_with_an_endpoint_is_dialled_without_traffic(offices: tuple[Lab, Site, Site]) -> None:
    _lab, one, _two = offices
    new_handshake(one)
    deadline = time.monotonic() + 4
    while "last-handshake" not in one.api.rows(PEERS)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("menu", "query", "values"),
    [
        ("/ip/route", "?dst-address=10.1.202.0/24", {"disabled": "true"}),
        (PEERS, "?interface=wg0", {"allowed_address": "10.255.255.1/32"}),
        ("/interface/wireguard", "?name=wg0", {"disabled": "true"}),
        ("/ip/address", "?address=10.1.101.1/24", {"disabled": "true"}),
    ],
    ids=["no route back", "not allowed", "interface off", "no address on the LAN"],
)  # fmt: skip
def test_an_omission_stops_packets(
    offices: tuple[Lab, Site, Site], menu: str, query: str, values: dict[str, str]
) -> None:
    lab, _one, two = offices
    assert crosses(lab)
    with changed(two, menu, query, **values):
        assert not crosses(lab)
    assert crosses(lab)


def test_an_accept_after_the_drop_is_dead(offices: tuple[Lab, Site, Site]) -> None:
    lab, one, two = offices
    rule = two.api.rows(FILTER, "?comment=wireguard")[0][".id"]
    below = two.api.rows(FILTER, "?dynamic=false")[1][".id"]
    assert crosses(lab)
    two.api.run(f"{FILTER}/move", f"=.id={rule}")
    with changed(one, "/interface/wireguard", "?name=wg0", listen_port="13232"):  # no connection that is established
        new_handshake(one)
        assert not crosses(lab)
        two.api.run(f"{FILTER}/move", f"=.id={rule}", f"=destination={below}")
        new_handshake(one)  # or it would wait five seconds for its next try
        assert crosses(lab)


def test_a_forward_drop_before_the_accepts_stops_packets(offices: tuple[Lab, Site, Site]) -> None:
    lab, _one, two = offices
    first = two.api.rows(FILTER, "?dynamic=false")[0][".id"]
    identity = two.api.add(FILTER, chain="forward", action="drop", in_interface="wg0", place_before=first)
    assert not crosses(lab)
    two.api.run(f"{FILTER}/remove", f"=.id={identity}")
    assert crosses(lab)


def test_masquerade_hides_the_lan_from_the_internet(offices: tuple[Lab, Site, Site]) -> None:
    lab, one, _two = offices
    assert lab.ping("office1-pc", "192.168.90.254").received
    identity = one.api.rows("/ip/firewall/nat")[0][".id"]
    one.api.run("/ip/firewall/nat/disable", f"=.id={identity}")
    assert not lab.ping("office1-pc", "192.168.90.254").received
    one.api.run("/ip/firewall/nat/enable", f"=.id={identity}")
    assert lab.ping("office1-pc", "192.168.90.254").received


def test_the_default_firewall_keeps_the_internet_out(offices: tuple[Lab, Site, Site]) -> None:
    lab, _one, two = offices
    lab.run("internet", ["ip", "route", "add", "10.1.101.0/24", "via", "192.168.80.1"])
    assert not lab.ping("internet", "10.1.101.10").received
    assert lab.ping("internet", "192.168.80.1").received, "ICMP to the router is accepted"
    with changed(two, FILTER, "?comment=defconf: accept ICMP", disabled="true"):
        time.sleep(0.1)
        assert not lab.ping("internet", "192.168.80.1").received


def test_unrelated_writes_lose_no_packet(offices: tuple[Lab, Site, Site]) -> None:
    lab, one, two = offices
    assert crosses(lab)
    with lab.pinging("office1-pc", "10.1.101.10", interval=0.01) as pings:
        for number in range(5):
            for site in (one, two):
                key = "B" * 42 + "AEIMQ"[number] + "="
                peer = site.api.add(PEERS, interface="wg0", public_key=key, allowed_address=f"10.7.{number}.0/24")
                address = site.api.add("/ip/address", interface="wg0", address=f"10.6.{number}.1/24")
                route = site.api.add("/ip/route", dst_address=f"10.7.{number}.0/24", gateway="wg0")
                rule = site.api.add(FILTER, chain="forward", src_address=f"10.7.{number}.0/24")
                for menu, identity in ((FILTER, rule), ("/ip/route", route), ("/ip/address", address), (PEERS, peer)):
                    assert site.api.run(f"{menu}/remove", f"=.id={identity}").trap is None
    assert pings.sent > 20
    assert pings.lost == []


def test_a_peer_that_has_roamed_is_not_called_back_to_its_declared_endpoint(offices: tuple[Lab, Site, Site]) -> None:
    lab, one, two = offices
    row = one.api.rows(PEERS)[0]
    far = DesiredPeer(
        PublicKey(base64.b64decode(row["public-key"])),
        endpoint=parse_endpoint("192.168.80.1:13231"),
        allowed_ips=frozenset(map(parse_prefix, row["allowed-address"].split(","))),
    )
    declared = DesiredInterface("wg0", up=True, peers=(far,), purge_peers=True)
    with changed(two, "/interface/wireguard", "?name=wg0", listen_port="13999"):
        assert lab.ping("office2-pc", "10.1.202.10", count=3, interval=0.3).received
        asked = len(one.router.journal())
        assert run(one.router, declared).steps == ()
        assert where_heard(one) == ("192.168.80.1", "13999")
        changing = replace(declared, mtu=1400, peers=(far._replace(persistent_keepalive=25),))
        assert len(run(one.router, changing).steps) == 2
        assert run(one.router, changing).steps == ()
        assert where_heard(one) == ("192.168.80.1", "13999")
        assert crosses(lab)
        written = [entry["attributes"] for entry in one.router.journal()[asked:] if entry["write"]]
        assert written
        assert not any(name.startswith("endpoint") for attributes in written for name in attributes)
        moved = replace(changing, peers=(far._replace(endpoint=parse_endpoint("192.168.80.1:13998")),))
        assert len(run(one.router, moved).steps) == 1
        assert where_heard(one) == ("192.168.80.1", "13998")
    run(one.router, replace(declared, mtu=1420, peers=(far._replace(persistent_keepalive=0),)))
    assert crosses(lab)


def where_heard(site: Site) -> tuple[str, str]:
    """The endpoint that a router uses for its peer now."""
    row = site.api.rows(PEERS)[0]
    return row["current-endpoint-address"], row["current-endpoint-port"]


def test_a_removed_interface_is_gone_and_comes_back(offices: tuple[Lab, Site, Site]) -> None:
    lab, _one, two = offices
    identity = two.api.add("/interface/wireguard", name="wg9", listen_port="9999")
    assert "wg9" in lab.run("office2", ["ip", "-br", "link"]).stdout
    two.api.run("/interface/wireguard/remove", f"=.id={identity}")
    assert "wg9" not in lab.run("office2", ["ip", "-br", "link"]).stdout
    assert crosses(lab)
