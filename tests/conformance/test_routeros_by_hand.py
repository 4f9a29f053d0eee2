# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do to a router by hand between two runs: it is made good, or told before the first write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import converge
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    interface,
    kinds,
    peer,
    prefixes,
    private_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import KEYS, backend, foreign, run
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import Target

ABSENT = DesiredInterface("wg0", present=False)
AROUND = ("/ip/address", "/ipv6/address", "/ip/route", "/ipv6/route", "/interface/wireguard/peers")


def id_of(router: Target, menu: str, **values: str) -> str:
    [row] = [row for row in router.rows(menu) if all(row.get(name) == value for name, value in values.items())]
    return row[".id"]


def remove_interface(router: Target) -> None:
    router.do("/interface/wireguard/remove", **{".id": id_of(router, "/interface/wireguard", name="wg0")})


def left(router: Target) -> list[dict[str, str]]:
    """Give what bears our comment or hangs on an interface that is gone."""
    return [
        row
        for menu in AROUND
        for row in router.rows(menu)
        if row.get("comment", "").startswith("wgfleet wg0: ") or row.get("interface", "").startswith("*")
    ]


# --- Names of peers


@pytest.mark.parametrize("name", ["peer1", "peer23"])
def test_a_peer_may_be_named_as_a_router_would_name_it(router: Target, name: str) -> None:
    wanted = interface(peer("10.0.0.2/32", name=name))
    assert run(router, wanted).settled.peers[wanted.peers[0].public_key].name == name
    assert run(router, wanted).steps == ()


def test_a_peer_that_shall_have_no_name_may_have_the_one_that_the_router_chose(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32", name=""))
    run(router, wanted)
    assert run(router, wanted).steps == ()


def test_a_name_that_is_taken_away_is_away(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32", name="alice"))
    run(router, wanted)
    unnamed = replace(wanted, peers=(wanted.peers[0]._replace(name=""),))
    assert kinds(run(router, unnamed).steps) == ["SetPeer"]
    assert run(router, unnamed).steps == ()
    assert "alice" not in {row.get("name", row.get("comment")) for row in router.rows("/interface/wireguard/peers")}


# --- An interface that was removed by hand

WHOLE = {"addresses": addresses("10.0.0.1/24", "fd00::1/64"), "routes": routes("10.1.0.0/16", "fd01::/64")}


def test_nothing_is_left_of_an_interface_that_someone_removed_by_hand(router: Target) -> None:
    before = foreign(router)
    run(router, interface(peer("10.0.0.2/32"), **WHOLE))
    remove_interface(router)
    steps = run(router, ABSENT).steps
    assert {"RemoveAddress", "RemoveRoute"} <= set(kinds(steps))
    assert left(router) == []
    assert foreign(router) == before
    assert run(router, ABSENT).steps == ()


def test_an_interface_that_someone_removed_by_hand_is_made_again_and_nothing_twice(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32"), **WHOLE)
    run(router, wanted)
    before = {menu: len(router.rows(menu)) for menu in AROUND}
    remove_interface(router)
    run(router, wanted)
    assert run(router, wanted).steps == ()
    assert {menu: len(router.rows(menu)) for menu in AROUND} == before
    assert not any(row.get("interface", "").startswith("*") for menu in AROUND for row in router.rows(menu))
    assert {row["gateway"] for row in router.rows("/ip/route") if row["dst-address"] == "10.1.0.0/16"} == {"wg0"}


def test_what_is_not_wanted_any_more_goes_when_an_interface_is_made_again(router: Target) -> None:
    run(router, interface(peer("10.0.0.2/32"), **WHOLE))
    remove_interface(router)
    run(router, interface(routes=routes("10.2.0.0/16")))
    assert [row["dst-address"] for row in router.rows("/ip/route") if row.get("comment", "").startswith("wgfleet")] == [
        "10.2.0.0/16"
    ]
    assert not any(row.get("interface", "").startswith("*") for menu in AROUND for row in router.rows(menu))


def test_what_someone_disabled_and_nobody_wants_any_more_is_removed(router: Target) -> None:
    wanted = interface(**WHOLE)
    run(router, wanted)
    for menu, what in (("/ip/address", {"address": "10.0.0.1/24"}), ("/ip/route", {"dst-address": "10.1.0.0/16"})):
        router.do(f"{menu}/disable", **{".id": id_of(router, menu, **what)})
    theirs = router.add("/ip/address", address="10.8.0.1/24", interface="wg0", disabled="yes", comment="mine")
    fewer = replace(wanted, addresses=addresses("fd00::1/64"), routes=routes("fd01::/64"))
    assert sorted(kinds(run(router, fewer).steps)) == ["RemoveAddress", "RemoveRoute"]
    assert [row["comment"] for row in left(router)] == ["wgfleet wg0: address", "wgfleet wg0: route"]
    assert theirs in {row[".id"] for row in router.rows("/ip/address")}
    assert run(router, fewer).steps == ()


def test_of_an_interface_that_someone_made_anew_what_is_not_wanted_any_more_is_removed(router: Target) -> None:
    run(router, interface(**WHOLE))
    remove_interface(router)
    router.add("/interface/wireguard", name="wg0", listen_port="13231")
    fewer = interface(addresses=addresses("10.0.0.1/24"), routes=routes("fd01::/64"))
    steps = kinds(run(router, fewer).steps)
    assert {"RemoveAddress", "RemoveRoute", "AddAddress", "AddRoute"} <= set(steps)
    assert sorted(row.get("address", row.get("dst-address")) for row in left(router)) == ["10.0.0.1/24", "fd01::/64"]
    assert not any(row.get("interface", "").startswith("*") for row in left(router))
    assert run(router, fewer).steps == ()


def test_a_prefix_that_two_peers_have_goes_to_a_third_in_one_run(router: Target) -> None:
    first, second, third = peer("10.0.0.1/32", "10.9.0.0/24"), peer("10.0.0.2/32"), peer("10.0.0.3/32")
    wanted = interface(first, second, third)
    run(router, wanted)
    menu = "/interface/wireguard/peers"
    row = id_of(router, menu, **{"public-key": str(second.public_key)})
    router.do(f"{menu}/set", **{".id": row, "allowed-address": "10.0.0.2/32,10.9.0.0/24"})
    moved = prefixes("10.0.0.3/32", "10.9.0.0/24")
    wanted = replace(
        wanted, peers=(peer("10.0.0.1/32", key=first.public_key), second, third._replace(allowed_ips=moved))
    )
    assert kinds(run(router, wanted).steps) == ["SetPeer"]
    lists = {row["public-key"]: row["allowed-address"] for row in router.rows(menu) if row["interface"] == "wg0"}
    assert [lists[str(each.public_key)] for each in wanted.peers] == [
        "10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32,10.9.0.0/24",
    ]  # fmt: skip
    assert run(router, wanted).steps == ()


# --- Peers without a public key, which nothing can name


def keyless(router: Target) -> list[dict[str, str]]:
    return [row for row in router.rows("/interface/wireguard/peers") if not row.get("public-key")]


def test_a_peer_without_a_key_goes_with_its_interface(router: Target) -> None:
    run(router, interface(peer("10.0.0.2/32")))
    router.add("/interface/wireguard/peers", interface="wg0", allowed_address="10.9.0.0/24")
    run(router, ABSENT)
    assert keyless(router) == []


def test_a_peer_without_a_key_is_purged_as_others_are(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32"))
    run(router, wanted)
    router.add("/interface/wireguard/peers", interface="wg0", allowed_address="10.9.0.0/24")
    assert run(router, wanted).steps == ()
    assert kinds(run(router, replace(wanted, purge_peers=True)).steps) == ["RemoveKeylessPeers"]
    assert keyless(router) == []
    assert run(router, replace(wanted, purge_peers=True)).steps == ()


# --- Routes


def test_a_route_of_ours_whose_comment_someone_changed_is_told_and_not_made_twice(router: Target) -> None:
    wanted = interface(routes=routes("10.1.0.0/16"))
    run(router, wanted)
    route = id_of(router, "/ip/route", **{"dst-address": "10.1.0.0/16"})
    router.do("/ip/route/set", **{".id": route, "comment": "mine"})
    written = len(router.writes())
    with pytest.raises(InvalidInput) as caught:
        run(router, replace(wanted, private_key=private_key()))
    [problem] = caught.value.problems
    assert problem.place == "routes"
    assert "10.1.0.0/16 by wg0" in problem.message
    assert "comment='wgfleet wg0: route'" in problem.message
    assert len(router.writes()) == written
    router.do("/ip/route/set", **{".id": route, "comment": "wgfleet wg0: route"})
    assert run(router, wanted).steps == ()


def test_a_route_to_where_the_interface_itself_is_can_be_made_in_any_run(router: Target) -> None:
    both = interface(addresses=addresses("10.9.0.1/24"), routes=routes("10.9.0.0/24"))
    later = replace(both, routes=routes())
    run(router, later)
    assert kinds(run(router, both).steps) == ["AddRoute"]
    assert run(router, both).steps == ()
    run(router, ABSENT)
    run(router, both)
    assert run(router, both).steps == ()


def test_a_route_to_where_another_interface_is_is_told_as_such(router: Target) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(router, interface(routes=routes("192.0.2.0/24")))
    [problem] = caught.value.problems
    assert problem.place == "routes"
    assert problem.message.startswith("the router is in 192.0.2.0/24 itself, by an address on theirs, so that nothing")
    assert router.writes() == []


def test_a_route_of_ours_that_someone_made_a_blackhole_leads_into_the_tunnel_again(router: Target) -> None:
    wanted = interface(routes=routes("10.1.0.0/16"))
    run(router, wanted)
    route = id_of(router, "/ip/route", **{"dst-address": "10.1.0.0/16"})
    router.do("/ip/route/set", **{".id": route, "blackhole": ""})
    assert kinds(run(router, wanted).steps) == ["AddRoute"]
    [row] = [row for row in router.rows("/ip/route") if row["dst-address"] == "10.1.0.0/16"]
    assert (row[".id"], "blackhole" in row) == (route, False)
    assert run(router, wanted).steps == ()


@pytest.mark.parametrize(
    ("table", "what"),
    [({}, "has no fib"), ({"fib": "", "disabled": "yes"}, "is disabled")],
)
def test_a_routing_table_by_which_nothing_is_routed_is_told_before_anything_is_made(
    router: Target, table: dict[str, str], what: str
) -> None:
    made = router.add("/routing/table", name="47113", **table)
    wanted = interface(routes=routes("10.1.0.0/16", table=47113))
    with pytest.raises(InvalidInput) as caught:
        run(router, wanted)
    [problem] = caught.value.problems
    assert problem.place == "route_table"
    assert problem.message.startswith(f"the routing table 47113 {what}, so that nothing is routed by it: ")
    assert router.writes() == []
    router.do("/routing/table/set", **{".id": made, "fib": "", "disabled": "no"})
    run(router, wanted)


def test_a_routing_table_that_is_not_there_is_told_before_anything_is_made(router: Target) -> None:
    wanted = interface(routes=routes("10.1.0.0/16", table=47113))
    for check_mode in (True, False):
        with backend(router) as opened, pytest.raises(InvalidInput) as caught:
            converge(opened, wanted, KEYS, check_mode)
        [problem] = caught.value.problems
        assert (problem.place, problem.message.startswith("the router has no routing table 47113")) == (
            "route_table",
            True,
        )
    assert router.writes() == []
    router.add("/routing/table", name="47113", fib="")
    run(router, wanted)
    seen = len(router.relay.asked)
    assert run(router, wanted).steps == ()
    assert "/routing/table/print" not in router.relay.asked[seen:]
