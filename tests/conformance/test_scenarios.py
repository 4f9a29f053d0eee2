# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios that every backend passes. They need nothing that is special to one system."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_endpoint
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import BENCHES, Bench
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    assert_nothing_to_do,
    converge,
    interface,
    kinds,
    peer,
    preshared_key,
    private_key,
    public_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown


def shown(bench: Bench) -> Shown:
    """Give what the judge says of an interface that is there."""
    seen = bench.shown()
    assert seen is not None
    return seen


def test_an_interface_with_everything_is_created(bench: Bench) -> None:
    psk, key = preshared_key(), private_key()
    one = peer(
        "10.1.0.0/16", "fd01::/64", endpoint="192.0.2.1:51820", preshared_key=psk, persistent_keepalive=25, name="one"
    )
    two = peer("10.0.0.2/32", endpoint="[2001:db8::2]:51820")
    converge(
        bench,
        interface(
            one,
            two,
            private_key=key,
            listen_port=51820,
            mtu=1380,
            addresses=addresses("10.0.0.1/24", "fd00::1/64"),
            routes=routes("10.1.0.0/16", "fd01::/64"),
        ),
    )
    seen = shown(bench)
    assert (seen.private_key, seen.listen_port, seen.mtu, seen.up) == (key.reveal(), 51820, 1380, True)
    assert seen.addresses == {"10.0.0.1/24", "fd00::1/64"}
    assert seen.routes == {("10.1.0.0/16", 254, 0), ("fd01::/64", 254, 0)}
    assert seen.peers == {
        str(one.public_key): (psk.reveal(), "192.0.2.1:51820", {"10.1.0.0/16", "fd01::/64"}, 25),
        str(two.public_key): ("", "[2001:db8::2]:51820", {"10.0.0.2/32"}, 0),
    }


def test_an_interface_with_nothing_is_created(bench: Bench) -> None:
    converge(bench, DesiredInterface("wg0", private_key=private_key()))
    seen = shown(bench)
    assert (seen.up, seen.mtu, seen.addresses, seen.routes, seen.peers) == (False, 1420, set(), set(), {})


def test_a_changed_keepalive_touches_only_its_peer(bench: Bench) -> None:
    one, two = peer("10.0.0.2/32", persistent_keepalive=25), peer("10.0.0.3/32", persistent_keepalive=25)
    start = interface(one, two)
    converge(bench, start)
    before = shown(bench)
    steps = converge(bench, interface(one._replace(persistent_keepalive=15), two, private_key=start.private_key))
    assert steps == (SetPeer(one.public_key, persistent_keepalive=15),)
    changed = before.peers[str(one.public_key)]._replace(keepalive=15)
    assert shown(bench) == before._replace(peers={**before.peers, str(one.public_key): changed})


def test_a_peer_is_added_and_removed_and_the_others_stay(bench: Bench) -> None:
    one, two = peer("10.0.0.2/32", preshared_key=preshared_key()), peer("10.0.0.3/32", preshared_key=preshared_key())
    converge(bench, interface(one))
    before = shown(bench)
    converge(bench, DesiredInterface("wg0", peers=(two,)))
    assert shown(bench).peers.keys() == {str(one.public_key), str(two.public_key)}
    steps = converge(bench, DesiredInterface("wg0", peers=(DesiredPeer(two.public_key, present=False),)))
    assert kinds(steps) == ["RemovePeer"]
    assert shown(bench) == before


def test_removing_a_peer_that_is_not_there_does_nothing(bench: Bench) -> None:
    converge(bench, interface())
    assert converge(bench, DesiredInterface("wg0", peers=(DesiredPeer(public_key(), present=False),))) == ()


def test_purging_removes_the_peers_that_are_not_named(bench: Bench) -> None:
    kept, purged = peer("10.0.0.2/32"), peer("10.0.0.3/32")
    converge(bench, interface(kept, purged))
    converge(bench, DesiredInterface("wg0", peers=(kept,), purge_peers=True))
    assert shown(bench).peers.keys() == {str(kept.public_key)}


def test_without_purging_peers_that_are_not_named_stay(bench: Bench) -> None:
    one, two = peer("10.0.0.2/32"), peer("10.0.0.3/32")
    converge(bench, interface(one, two))
    assert converge(bench, DesiredInterface("wg0", peers=(one,))) == ()
    assert shown(bench).peers.keys() == {str(one.public_key), str(two.public_key)}


def test_what_is_unset_is_left_alone(bench: Bench) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.1:1000", preshared_key=preshared_key(), persistent_keepalive=25)
    converge(bench, interface(known, listen_port=51820, mtu=1380, addresses=addresses("10.0.0.1/24")))
    before = shown(bench)
    assert converge(bench, DesiredInterface("wg0", peers=(DesiredPeer(known.public_key),))) == ()
    assert shown(bench) == before


def test_an_unset_port_is_left_alone(bench: Bench) -> None:
    start = interface(mtu=1380)
    converge(bench, start)
    port = shown(bench).listen_port
    converge(bench, DesiredInterface("wg0", private_key=start.private_key, mtu=1400))
    assert shown(bench).listen_port == port


def test_port_and_key_are_changed_in_place(bench: Bench) -> None:
    known = peer("10.0.0.2/32")
    converge(bench, interface(known, listen_port=51820))
    key = private_key()
    converge(bench, interface(known, private_key=key, listen_port=51821))
    seen = shown(bench)
    assert (seen.private_key, seen.listen_port) == (key.reveal(), 51821)
    assert seen.peers.keys() == {str(known.public_key)}


def test_a_prefix_moves_from_one_peer_to_another(bench: Bench) -> None:
    one, two = peer("10.1.0.0/16", "10.0.0.2/32"), peer("10.0.0.3/32")
    start = interface(one, two)
    converge(bench, start)
    moved = (peer("10.0.0.2/32", key=one.public_key), peer("10.1.0.0/16", "10.0.0.3/32", key=two.public_key))
    converge(bench, interface(*moved, private_key=start.private_key))
    peers = shown(bench).peers
    assert peers[str(one.public_key)].allowed_ips == {"10.0.0.2/32"}
    assert peers[str(two.public_key)].allowed_ips == {"10.1.0.0/16", "10.0.0.3/32"}


def test_two_peers_exchange_their_prefixes(bench: Bench) -> None:
    one, two = peer("10.1.0.0/16"), peer("10.2.0.0/16")
    start = interface(one, two)
    converge(bench, start)
    exchanged = (peer("10.2.0.0/16", key=one.public_key), peer("10.1.0.0/16", key=two.public_key))
    converge(bench, interface(*exchanged, private_key=start.private_key))
    peers = shown(bench).peers
    assert peers[str(one.public_key)].allowed_ips == {"10.2.0.0/16"}
    assert peers[str(two.public_key)].allowed_ips == {"10.1.0.0/16"}


def test_one_allowed_ip_is_removed_and_one_added(bench: Bench) -> None:
    known = peer("10.1.0.0/16", "10.2.0.0/16", "fd01::/64")
    converge(bench, interface(known))
    converge(bench, DesiredInterface("wg0", peers=(peer("10.1.0.0/16", "fd01::/64", key=known.public_key),)))
    assert shown(bench).peers[str(known.public_key)].allowed_ips == {"10.1.0.0/16", "fd01::/64"}
    wider = peer("10.1.0.0/16", "fd01::/64", "10.3.0.0/16", key=known.public_key)
    steps = converge(bench, DesiredInterface("wg0", peers=(wider,)))
    assert [step.replace_allowed_ips for step in steps if isinstance(step, SetPeer)] == [False]
    assert shown(bench).peers[str(known.public_key)].allowed_ips == {"10.1.0.0/16", "fd01::/64", "10.3.0.0/16"}


def test_all_allowed_ips_are_removed(bench: Bench) -> None:
    known = peer("10.1.0.0/16")
    converge(bench, interface(known))
    converge(bench, DesiredInterface("wg0", peers=(peer(key=known.public_key),)))
    assert shown(bench).peers[str(known.public_key)].allowed_ips == set()


def test_a_preshared_key_is_set_changed_and_removed(bench: Bench) -> None:
    known = peer("10.0.0.2/32")
    converge(bench, interface(known))
    for psk in (preshared_key(), preshared_key(), None):
        converge(bench, DesiredInterface("wg0", peers=(known._replace(preshared_key=psk),)))
        assert shown(bench).peers[str(known.public_key)].preshared_key == (psk.reveal() if psk else "")


def test_addresses_are_changed(bench: Bench) -> None:
    converge(bench, interface(addresses=addresses("10.0.0.1/24", "10.0.0.9/24", "fd00::1/64")))
    wanted = {"10.0.0.9/24", "10.0.5.1/24", "fd00::1/128", "fe80::5/64"}
    converge(bench, DesiredInterface("wg0", addresses=addresses(*wanted)))
    assert shown(bench).addresses == wanted
    converge(bench, DesiredInterface("wg0", addresses=frozenset()))
    assert shown(bench).addresses == set()


def test_changed_addresses_leave_routes_alone(bench: Bench) -> None:
    converge(bench, interface(addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16", "fd01::/64")))
    converge(bench, DesiredInterface("wg0", addresses=addresses("10.0.5.1/24")))
    assert shown(bench).routes == {("10.1.0.0/16", 254, 0), ("fd01::/64", 254, 0)}


def test_routes_are_added_and_removed(bench: Bench) -> None:
    converge(bench, interface(routes=routes("10.1.0.0/16", "fd01::/64", "0.0.0.0/0")))
    converge(
        bench, DesiredInterface("wg0", routes=routes("10.1.0.0/16", "fd02::/64") | routes("10.9.0.0/16", metric=7))
    )
    assert shown(bench).routes == {("10.1.0.0/16", 254, 0), ("fd02::/64", 254, 0), ("10.9.0.0/16", 254, 7)}
    converge(bench, DesiredInterface("wg0", routes=frozenset()))
    assert shown(bench).routes == set()


def test_the_mtu_is_changed_and_peers_stay(bench: Bench) -> None:
    known = peer("10.0.0.2/32")
    converge(bench, interface(known, mtu=1380))
    converge(bench, DesiredInterface("wg0", mtu=1400))
    seen = shown(bench)
    assert seen.mtu == 1400
    assert seen.peers.keys() == {str(known.public_key)}


def test_an_interface_goes_down_and_up_again_with_all_it_has(bench: Bench) -> None:
    wanted = interface(
        peer("10.1.0.0/16", preshared_key=preshared_key()),
        listen_port=51820,
        addresses=addresses("10.0.0.1/24", "fd00::1/64"),
        routes=routes("10.1.0.0/16", "fd01::/64"),
    )
    converge(bench, wanted)
    before = shown(bench)
    converge(bench, DesiredInterface("wg0", up=False))
    assert shown(bench) == before._replace(up=False, routes=frozenset())
    converge(bench, replace(wanted, up=False))
    converge(bench, wanted)
    assert shown(bench) == before


def test_an_interface_is_removed(bench: Bench) -> None:
    converge(bench, interface(peer("10.1.0.0/16"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16")))
    steps = converge(bench, DesiredInterface("wg0", present=False))
    assert "RemoveInterface" in kinds(steps)
    assert bench.shown() is None


def test_removing_an_absent_interface_does_nothing(bench: Bench) -> None:
    assert converge(bench, DesiredInterface("wg0", present=False)) == ()
    assert bench.shown() is None


def test_an_interface_comes_back_after_its_removal(bench: Bench) -> None:
    wanted = interface(peer("10.1.0.0/16"), listen_port=51820, addresses=addresses("10.0.0.1/24"))
    converge(bench, wanted)
    before = shown(bench)
    converge(bench, DesiredInterface("wg0", present=False))
    converge(bench, wanted)
    assert shown(bench) == before


def test_a_large_set_of_peers_is_set_and_one_of_it_changed(bench: Bench) -> None:
    peers = [
        peer(f"10.{number >> 8}.{number & 255}.0/24", f"fd00:{number:x}::/64", preshared_key=preshared_key())
        for number in range(1000)
    ]
    start = interface(*peers)
    converge(bench, start)
    before = shown(bench)
    assert {key: seen.allowed_ips for key, seen in before.peers.items()} == {
        str(each.public_key): set(map(str, each.allowed_ips)) for each in peers
    }
    peers[500] = peers[500]._replace(persistent_keepalive=25)
    steps = converge(bench, interface(*peers, private_key=start.private_key, purge_peers=True))
    assert steps == (SetPeer(peers[500].public_key, persistent_keepalive=25),)


def test_a_peer_with_many_prefixes_is_complete(bench: Bench) -> None:
    texts = [f"10.{number >> 8}.{number & 255}.0/24" for number in range(2000)]
    known = peer(*texts)
    converge(bench, interface(known))
    assert shown(bench).peers[str(known.public_key)].allowed_ips == set(texts)


def test_labels_are_remembered_and_changed(bench: Bench) -> None:
    known = peer("10.0.0.2/32", name="alice's phone")
    converge(bench, interface(known))
    for label in ("alice's tablet", ""):
        converge(bench, DesiredInterface("wg0", peers=(DesiredPeer(known.public_key, name=label),)))
        with contextlib.closing(bench.open(sealed=True)) as sealed:
            name = sealed.read().peers[known.public_key].name
        chosen = not label and re.fullmatch(r"peer\d+", name)  # a router names what has no name
        assert name == label or chosen


def test_an_endpoint_changes_only_when_it_is_declared_differently(bench: Bench) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.1:1000")
    wanted = interface(known)
    converge(bench, wanted)
    with contextlib.closing(bench.open(sealed=True)) as sealed:
        assert_nothing_to_do(sealed, wanted, sealed.read())
    steps = converge(bench, DesiredInterface("wg0", peers=(known._replace(endpoint=parse_endpoint("192.0.2.2:1000")),)))
    assert kinds(steps) == ["SetPeer"]
    assert shown(bench).peers[str(known.public_key)].endpoint == "192.0.2.2:1000"


def test_a_roamed_endpoint_survives(bench: Bench) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.1:1000")
    wanted = interface(known)
    converge(bench, wanted)
    bench.roam(known.public_key, "198.51.100.7:2000")
    before = shown(bench)
    with contextlib.closing(bench.open(sealed=True)) as sealed:
        assert_nothing_to_do(sealed, wanted, sealed.read())
    converge(bench, interface(known, peer("10.0.0.3/32"), private_key=wanted.private_key, mtu=1380))
    assert shown(bench).peers[str(known.public_key)] == before.peers[str(known.public_key)]


def test_two_interfaces_do_not_touch_each_other(bench: Bench) -> None:
    one = interface(peer("10.1.0.0/16"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16"))
    two = DesiredInterface("wg1", private_key=private_key(), up=True, peers=(peer("10.2.0.0/16"),))
    converge(bench, one)
    before = shown(bench)
    converge(bench, two)
    converge(bench, DesiredInterface("wg1", present=False))
    assert shown(bench) == before


def test_every_scenario_runs_on_every_backend(request: pytest.FixtureRequest) -> None:
    selection = request.config.option
    if selection.keyword or selection.markexpr or any("::" in argument for argument in request.config.args):
        pytest.skip("a part of the scenarios was selected")
    scenarios = {
        name
        for name, function in inspect.getmembers(sys.modules[__name__], inspect.isfunction)
        if name.startswith("test_") and function is not test_every_scenario_runs_on_every_backend
    }
    collected = {item.name for item in request.session.items}
    assert {f"{name}[{bench.name}]" for name in scenarios for bench in BENCHES} <= collected
