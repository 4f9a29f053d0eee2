# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router holds that is not as expected: a clear error or the right result, and never a secret."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import RouterosBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import (
    Command,
    Session,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.gateway import (
    RouterosGateway,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    ConnectionLost,
    DeviceError,
    InvalidInput,
    Refused,
    WrongKind,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import plan_gateway, resolved
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DefaultRoute,
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN, Property
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import converge
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_flow import PlannedGateway
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    interface,
    peer,
    preshared_key,
    private_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import (
    KEYS,
    access,
    backend,
    foreign,
    run,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import NAME, Target
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator

# --- What a router is, and what someone else did to it


@pytest.mark.simulator("--version", "7.20.1")
def test_what_the_release_does_not_know_is_refused_before_the_first_write(router: Target) -> None:
    wanted = replace(interface(peer("10.0.0.2/32")), properties=frozenset({Property("vrf", "customer")}))
    if (release := router.release) >= (7, 21):
        pytest.skip("not on a device of this release: it knows everything")
    told = r"vrf: needs RouterOS 7\.21 or newer, and this router runs {}\.{}".format(*release)
    with pytest.raises(InvalidInput, match=told):
        run(router, wanted)
    assert router.writes() == []


@pytest.mark.parametrize(
    "field", [{"fwmark": 7}, {"persist": "wg_quick"}, {"default_route": DefaultRoute("fwmark")}], ids=str
)
def test_what_no_router_knows_is_refused_before_the_first_write(router: Target, field: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="is not known to this device"):
        run(router, interface(**field))
    assert router.writes() == []


def test_an_interface_of_another_kind_is_left_alone(router: Target) -> None:
    name = router.another_interface()
    with pytest.raises(WrongKind, match=f"{name} exists and is no WireGuard interface"):
        run(router, replace(interface(), name=name))
    assert router.writes() == []


@pytest.mark.parametrize("comment", ["yes", "no", "true", "123", "00", "=x=y", "a: b; c", "ünï ☃", "*****"])
def test_a_comment_is_kept_as_it_is(router: Target, comment: str) -> None:
    label = frozenset({Property("comment", comment)})
    wanted = replace(interface(peer("10.0.0.2/32", name=comment, properties=label)), properties=label)
    run(router, wanted)
    assert run(router, wanted).steps == ()
    assert [row["comment"] for row in router.rows("/interface/wireguard") if row["name"] == "wg0"] == [comment]


def test_secrets_that_the_user_may_not_see_are_never_a_difference(router: Target) -> None:
    first = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
    run(router, first)
    other = first.peers[0]._replace(preshared_key=preshared_key())
    wanted = replace(first, private_key=private_key(), peers=(other,))
    blind = router.user("api", "read", "write")
    assert run(router, wanted, **blind).steps == ()
    changed = run(router, replace(wanted, mtu=1380), **blind)
    assert (changed.observed.private_key, changed.writes) == (HIDDEN, 1)
    assert not any("*" in row["private-key"] for row in router.rows("/interface/wireguard"))


@pytest.mark.simulator("--version", "7.22.2", "--unconfirmed", "secrets-in-print=hidden")
def test_keys_that_the_router_hides_by_default_are_compared_all_the_same(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
    run(router, wanted)
    assert run(router, wanted).steps == ()
    assert len(run(router, replace(wanted, private_key=private_key())).steps) == 1


def test_a_peer_that_exists_with_other_values_is_changed_in_place(router: Target) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.7:1000", persistent_keepalive=25)
    run(router, interface(known))
    before = {row["public-key"]: row[".id"] for row in router.rows("/interface/wireguard/peers")}
    run(router, DesiredInterface("wg0", peers=(known._replace(endpoint=None, persistent_keepalive=0),)))
    [row] = [row for row in router.rows("/interface/wireguard/peers") if row["public-key"] == str(known.public_key)]
    assert (row[".id"], row["endpoint-address"]) == (before[str(known.public_key)], "")
    assert row.get("persistent-keepalive", "0s") == "0s"


_TO_ALL = pytest.param("0.0.0.0/0", marks=pytest.mark.simulator(device="half of its own packets would go astray"))


@pytest.mark.parametrize("destination", ["10.77.0.0/16", _TO_ALL])
def test_a_route_that_would_share_its_traffic_with_anothers_is_refused(router: Target, destination: str) -> None:
    if destination == "0.0.0.0/0":
        router.add("/ip/route", gateway="192.0.2.254")
    wanted = interface(routes=routes(destination))
    with pytest.raises(InvalidInput, match=rf"in the place of ours: {destination} by 192\.0\.2\.254; .*route_metric"):
        run(router, wanted)
    with backend(router) as opened, pytest.raises(InvalidInput, match="in the place of ours"):
        converge(opened, wanted, KEYS, check_mode=True)
    assert router.writes() == []
    run(router, interface(routes=routes(destination, metric=5)))


@pytest.mark.simulator(device="it refuses nothing that is asked rightly")
def test_a_refused_write_is_told_without_what_looks_like_a_key(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
    key = wanted.peers[0].preshared_key.reveal()
    router.fault(f"trap-write=2:bad value {key}")
    with pytest.raises(Refused, match=r"peers/add: bad value \(hidden\)"):
        run(router, wanted)
    run(router, wanted)
    assert run(router, wanted).steps == ()


@pytest.mark.simulator(device="it cannot be told to stall")
def test_a_router_that_stops_answering_is_told_in_time(router: Target) -> None:
    router.fault("stall-request=4")
    with pytest.raises(ConnectionLost, match="there was no answer in time; what was done until then stays"):
        run(router, interface(), timeout=1)


@pytest.mark.simulator("--unconfirmed", "allowed-overlap=refuse")
def test_a_prefix_leaves_one_peer_before_another_gets_it(router: Target) -> None:
    one, two = peer("10.1.0.0/16", "10.0.0.2/32"), peer("10.0.0.3/32")
    first = interface(two, one)  # so that the one that gains is printed first
    run(router, first)
    moved = (peer("10.1.0.0/16", "10.0.0.3/32", key=two.public_key), peer("10.0.0.2/32", key=one.public_key))
    run(router, replace(first, peers=moved))
    assert run(router, replace(first, peers=moved)).steps == ()


@pytest.mark.parametrize("kept", [(), ("10.0.0.2/32",)], ids=["all", "some"])
@pytest.mark.simulator("--unconfirmed", "allowed-overlap=refuse")
def test_two_peers_exchange_prefixes_where_no_two_may_have_one(router: Target, kept: tuple[str, ...]) -> None:
    one, two = peer("10.1.0.0/16", *kept), peer("10.2.0.0/16")
    first = interface(one, two)
    run(router, first)
    exchanged = (peer("10.2.0.0/16", *kept, key=one.public_key), peer("10.1.0.0/16", key=two.public_key))
    run(router, replace(first, peers=exchanged))
    assert run(router, replace(first, peers=exchanged)).steps == ()


def test_nothing_is_left_of_an_interface(router: Target) -> None:
    before = foreign(router)
    run(router, interface(peer("10.0.0.2/32"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16")))
    router.add("/interface/list", name=NAME)
    gateway_steps(router, {"list_members": [{"list": NAME, "interface": "wg0"}]})
    run(router, DesiredInterface("wg0", present=False))
    assert foreign(router) == before


def test_a_row_that_vanished_before_its_removal_is_no_error(router: Target) -> None:
    going = peer("10.0.0.2/32")
    run(router, interface(going))
    with backend(router) as one, backend(router) as other:
        seen = one.read()
        run_steps(other, DesiredInterface("wg0", present=False))
        assert seen.exists
        from_plan(one, DesiredInterface("wg0", peers=(DesiredPeer(going.public_key, present=False),)))
    assert "wg0" not in {row["name"] for row in router.rows("/interface/wireguard")}


def test_a_row_that_vanished_before_its_change_is_told(router: Target) -> None:
    known = peer("10.0.0.2/32")
    run(router, interface(known))
    with backend(router) as one, backend(router) as other:
        one.read()
        run_steps(other, DesiredInterface("wg0", peers=(DesiredPeer(known.public_key, present=False),)))
        with pytest.raises(Refused, match="someone else has removed it meanwhile, so run again"):
            from_plan(one, DesiredInterface("wg0", peers=(known._replace(persistent_keepalive=9),)))


def run_steps(opened: RouterosBackend, desired: DesiredInterface) -> None:
    converge(opened, desired, KEYS, check_mode=False)


def from_plan(opened: RouterosBackend, desired: DesiredInterface) -> None:
    """Apply by what was read before, and not by what is."""
    opened.apply(plan(opened._observed, desired, opened.files))


def test_disabled_addresses_and_routes_are_enabled_and_not_added_again(router: Target) -> None:
    wanted = interface(addresses=addresses("10.0.0.1/24", "fd00::1/64"), routes=routes("10.1.0.0/16"))
    run(router, wanted)
    before = {menu: static_ids(router, menu) for menu in ("/ip/address", "/ipv6/address", "/ip/route")}
    for menu, ids in before.items():
        for each in ids:
            router.do(f"{menu}/disable", **{".id": each})
    assert {type(step).__name__ for step in run(router, wanted).steps} == {"AddAddress", "AddRoute"}
    assert {menu: static_ids(router, menu) for menu in before} == before
    assert run(router, wanted).steps == ()


def static_ids(router: Target, menu: str) -> list[str]:
    rows = [row for row in router.rows(menu) if "wg0" in {row.get("interface"), row.get("gateway")}]
    return [row[".id"] for row in rows if row.get("dynamic") != "true"]


# --- Few round trips


def test_a_run_that_changes_nothing_logs_in_once_and_prints_each_menu_once(router: Target) -> None:
    wanted = interface(peer("10.0.0.2/32"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16"))
    run(router, wanted)
    seen = len(router.relay.asked)
    assert run(router, wanted).writes == 0
    paths = router.relay.asked[seen:]
    assert paths[0] == "/login"
    assert all(path.endswith("/print") for path in paths[1:])
    assert len(set(paths)) == len(paths)


@pytest.mark.simulator("--latency", "50", device="how far it is away is not for a test to say")
def test_writes_do_not_wait_for_each_other(router: Target) -> None:
    start = time.monotonic()
    run(router, interface(*(peer(f"10.0.{number}.0/24") for number in range(200))), timeout=30)
    assert time.monotonic() - start < 0.05 * 40


# --- The firewall. That of a device is its owner's: these run on the simulator's default configuration only.


def gateway_steps(router: Target | Simulator, options: dict[str, Any], name: str = "corp") -> list[str]:
    with contextlib.closing(RouterosGateway(name, Console(Session(access(router))))) as opened:
        observed = opened.read()
        needed = opened.adapt(resolved(read_needs(options), observed))
        steps = plan_gateway(observed, name, needed, opened.wall_of)
        opened.apply(steps)
    return [type(step).__name__ for step in steps]


def chain(router: Simulator, menu: str, name: str) -> list[str]:
    return [row.get("comment", "") for row in router.rows(menu) if row["chain"] == name]


OPTIONS = {
    "listen_ports": [13231],
    "forward_pairs": [{"local": "192.168.88.0/24", "remote": "10.1.0.0/16"}],
    "list_members": [{"list": "LAN", "interface": "ether2"}],
}


def test_the_default_firewall_is_opened_where_it_would_drop_and_closed_again() -> None:
    with simulator("--defconf") as running:
        before = {menu: running.rows(menu) for menu in ("/ip/firewall/filter", "/ipv6/firewall/filter")}
        gateway_steps(running, OPTIONS)
        inputs = chain(running, "/ip/firewall/filter", "input")
        assert inputs.index("wgfleet corp: udp 13231") == inputs.index("defconf: drop all not coming from LAN") - 1
        forward = chain(running, "/ip/firewall/filter", "forward")
        wall = forward.index("defconf: drop all from WAN not DSTNATed")
        assert all(each.startswith("wgfleet corp: ") for each in forward[wall - 2 : wall])
        assert forward[0].startswith("special dummy rule")
        assert gateway_steps(running, OPTIONS) == []
        assert set(gateway_steps(running, {})) == {"RemoveEntry", "RemoveMember"}
        assert {menu: running.rows(menu) for menu in before} == before


def test_a_rule_that_someone_moved_is_moved_back_and_keeps_its_id() -> None:
    with simulator("--defconf") as running:
        gateway_steps(running, OPTIONS)
        order = [row[".id"] for row in running.rows("/ip/firewall/filter")]
        [ours] = [row[".id"] for row in running.rows("/ip/firewall/filter") if "udp 13231" in row.get("comment", "")]
        with contextlib.closing(Session(access(running))) as session:
            session.run([Command("/ip/firewall/filter/move", [("numbers", ours)])])
        assert [row[".id"] for row in running.rows("/ip/firewall/filter")] != order
        assert gateway_steps(running, OPTIONS) == ["MoveEntry"]
        assert [row[".id"] for row in running.rows("/ip/firewall/filter")] == order


# --- A router as the gateway of a tunnel

WAN_ROUTE = {
    "/ip/address": [{"address": "198.51.100.2/24", "interface": "ether1"}],
    "/ip/route": [{"gateway": "198.51.100.1"}],
    "/ip/dns": {"allow-remote-requests": "no"},
}
CLIENTS = {"source": "10.9.0.0/24", "interface": "theirs"}
GATEWAY = {
    "forwarding": ["ipv4", "ipv6"],
    "listen_ports": [13231],
    "accept_from": [CLIENTS],
    "serve_dns": [CLIENTS],
    "outbound": [CLIENTS, {**CLIENTS, "source": "10.8.0.0/24", "translation": "198.51.100.2"}],
    "clamp_mss": ["theirs"],
    "proxy_arp": ["bridge"],
}
TUNNEL = {"/interface/wireguard": [{"name": "theirs", "listen-port": "999"}]}
EXPORTED = (
    *(f"/{family}/firewall/{table}" for family in ("ip", "ipv6") for table in ("filter", "nat", "mangle")),
    *("/ip/dns", "/ip/settings", "/ipv6/settings", "/interface/bridge", "/interface/ethernet"),
    "/interface/list/member",
)


def export(router: Simulator) -> dict[str, list[dict[str, str]]]:
    return {menu: router.rows(menu) for menu in EXPORTED}


def setting(router: Simulator, menu: str, name: str) -> str:
    return next(row[name] for row in router.rows(menu) if row.get("name", "bridge") == "bridge")


def test_a_gateway_stands_before_the_default_rules_and_leaves_the_export_as_it_was() -> None:
    with simulator("--defconf", seed={**TUNNEL, **WAN_ROUTE}) as running:
        before = export(running)
        gateway_steps(running, GATEWAY)
        nat = [row for row in running.rows("/ip/firewall/nat") if row["chain"] == "srcnat"]
        assert [(row["action"], row.get("src-address"), row.get("to-addresses")) for row in nat] == [
            ("masquerade", "10.9.0.0/24", None),
            ("src-nat", "10.8.0.0/24", "198.51.100.2"),
            ("masquerade", None, None),
        ]
        assert {row["out-interface"] for row in nat[:2]} == {"ether1"}
        assert nat[2]["comment"] == "defconf: masquerade"
        inputs = chain(running, "/ip/firewall/filter", "input")
        assert inputs.index("wgfleet corp: tcp 53") < inputs.index("defconf: drop all not coming from LAN")
        clamps = [row for row in running.rows("/ip/firewall/mangle") if row["action"] == "change-mss"]
        assert [(row.get("in-interface"), row.get("out-interface")) for row in clamps] == [
            ("theirs", None),
            (None, "theirs"),
        ]
        on = setting(running, "/ip/dns", "allow-remote-requests"), setting(running, "/interface/bridge", "arp")
        assert on == ("true", "proxy-arp")
        assert gateway_steps(running, GATEWAY) == []
        gateway_steps(running, {})
        assert export(running) == before


def test_settings_that_were_on_before_or_that_another_needs_stay() -> None:
    seed = {**TUNNEL, "/ip/dns": {"allow-remote-requests": "yes"}}
    with simulator("--defconf", seed=seed) as running:
        before = export(running)
        gateway_steps(running, {"serve_dns": [CLIENTS], "proxy_arp": ["bridge"]})
        gateway_steps(running, {"proxy_arp": ["bridge"]}, "home")
        gateway_steps(running, {})
        assert setting(running, "/interface/bridge", "arp") == "proxy-arp"
        gateway_steps(running, {}, "home")
        assert export(running) == before


def test_forwarding_that_someone_turned_off_is_turned_on_and_off_again() -> None:
    with simulator("--defconf", seed={"/ip/settings": {"ip-forward": "no"}}) as running:
        before = export(running)
        assert gateway_steps(running, {"forwarding": ["ipv4", "ipv6"]}) == ["AddNote", "ChangeSetting"]
        assert setting(running, "/ip/settings", "ip-forward") == "true"
        gateway_steps(running, {})
        assert export(running) == before


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"outbound": [CLIENTS]}, "outbound[0].out_interface"),
        ({"outbound": [{**CLIENTS, "out_interface": "ether99"}]}, "outbound[0].out_interface"),
        ({"proxy_arp": ["ether99"]}, "proxy_arp"),
        ({"proxy_arp": ["theirs"]}, "proxy_arp"),
        ({"proxy_ndp": [{"interface": "bridge", "address": "fd00::1"}]}, "proxy_ndp"),
    ],
)
def test_what_a_router_cannot_do_is_told_before_any_write(options: dict[str, Any], place: str) -> None:
    with simulator("--defconf", seed=TUNNEL) as running:
        opened = RouterosGateway("corp", Console(Session(access(running))))
        with contextlib.closing(opened), pytest.raises(InvalidInput) as caught:
            PlannedGateway(opened, "corp", read_needs(options))
        assert [problem.place for problem in caught.value.problems] == [place]
        assert running.writes() == []


@pytest.mark.parametrize("fault", ["cut-before-request", "cut-after-request"])
@pytest.mark.parametrize(("start", "wanted"), [({}, GATEWAY), (GATEWAY, {})], ids=["made", "removed"])
def test_a_gateway_that_is_cut_off_anywhere_is_made_good_by_the_next_run(
    fault: str, start: dict[str, Any], wanted: dict[str, Any]
) -> None:
    with simulator("--defconf", seed={**TUNNEL, **WAN_ROUTE}) as running:
        before, number, cut = export(running), 0, True
        while cut:
            number += 1
            gateway_steps(running, start)
            running.fault(f"{fault}={number}")
            try:
                gateway_steps(running, wanted)
                cut = False
            except DeviceError:
                cut = True
            running.fault("clear")
            gateway_steps(running, wanted)
            assert gateway_steps(running, wanted) == []
        assert number > len(EXPORTED)
        gateway_steps(running, {})
        assert export(running) == before


def test_an_interface_and_its_gateway_are_read_together_each_menu_once() -> None:
    with simulator("--defconf", seed=WAN_ROUTE) as running:
        with contextlib.closing(RouterosBackend("wg0", Console(Session(access(running))))) as opened:
            gateway = opened.gateway()
            opened.read()
            state = gateway.read()
        paths = [entry["path"] for entry in running.journal()]
        assert sorted(set(paths)) == sorted(paths)
        assert state.ways_out == {4: "ether1"}
        assert {"ether1", "bridge"} <= state.interfaces


def test_two_users_of_a_firewall_do_not_touch_each_other() -> None:
    with simulator("--defconf") as running:
        gateway_steps(running, OPTIONS)
        gateway_steps(running, {"listen_ports": [13231]}, "home")
        gateway_steps(running, {}, "home")
        assert gateway_steps(running, OPTIONS) == []
