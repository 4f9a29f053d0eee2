# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the wish for a default route: each method by a table, and the laws that all of them keep."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import (
    SOURCE_VALID_MARK,
    Uplinks,
    redirected,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DefaultRoute,
    DesiredInterface,
    DesiredPeer,
    Unset,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    KillSwitch,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddDetour,
    AddRoute,
    AddRule,
    DisplaceRoute,
    RecordRedirection,
    RemoveDetour,
    RemoveInterface,
    RestoreRoute,
    SetKillSwitch,
    Step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey, clamp

KEY = PublicKey(bytes([7]) * 32)
ANY, ANY6 = parse_prefix("0.0.0.0/0"), parse_prefix("::/0")
OLD = UplinkRoute(ANY, "wan", "198.51.1.254", metric=100, source="198.51.1.2", protocol=16, metrics=(("mtu", 1400),))
OLD6 = UplinkRoute(ANY6, "wan", "2001:db8:1::fe", protocol=3)
LAN = UplinkRoute(parse_prefix("198.51.1.0/24"), "wan", protocol=2)
GATEWAY, GATEWAY6 = parse_prefix("198.51.2.1"), parse_prefix("2001:db8:2::1")
KEPT = parse_prefix("192.168.88.0/24")
METHODS = ("fwmark", "rule", "halves", "replace")


def held(*texts: str) -> frozenset[InterfaceAddress]:
    return frozenset(map(parse_interface_address, texts))


UPLINKS = Uplinks(
    frozenset({OLD, OLD6, LAN}), {"wan": held("198.51.1.2/24", "2001:db8:1::2/64"), "lan": held("10.1.0.1/16")}
)


def wish(method: str, endpoint: str = "198.51.2.1", prefixes: tuple[Prefix, ...] = (ANY, ANY6), **rest: Any) -> Any:
    """A new interface with one peer that has the default prefixes."""
    peer = DesiredPeer(KEY, endpoint=Endpoint(endpoint, 51820), allowed_ips=frozenset(prefixes))
    return DesiredInterface(
        "wg0",
        up=True,
        private_key=clamp(bytes([1]) * 32),
        addresses=held("10.255.0.2/24", "fd66::2/64"),
        peers=(peer,),
        default_route=DefaultRoute(method, **rest),
    )


def compiled(
    desired: DesiredInterface, observed: Interface | None = None, uplinks: Uplinks = UPLINKS
) -> DesiredInterface:
    return redirected(desired, observed or absent("wg0"), lambda: uplinks, lambda endpoint: endpoint.host)


def made(desired: DesiredInterface, **rest: Any) -> Redirection:
    redirection = compiled(desired, **rest).redirection
    assert not isinstance(redirection, Unset)
    return redirection


def prefixes(*texts: str) -> list[Prefix]:
    return list(map(parse_prefix, texts))


def steps_to(desired: DesiredInterface, observed: Interface, uplinks: Uplinks = UPLINKS) -> tuple[Step, ...]:
    return plan(observed, compiled(desired, observed, uplinks), lambda _interface: {})


def settled(desired: DesiredInterface, observed: Interface | None = None) -> Interface:
    """The interface after a run, its peer in touch with the endpoint."""
    observed = observed or absent("wg0")
    after = apply_steps(observed, steps_to(desired, observed))
    peers = {key: peer._replace(current_endpoint=peer.endpoint) for key, peer in after.peers.items()}
    return replace(after, peers=peers)


def uplinks_with(observed: Interface) -> Uplinks:
    """The host as it is while some of its default routes are taken away."""
    return UPLINKS._replace(routes=UPLINKS.routes - observed.displaced)


def test_the_mark_keeps_the_tunnel_out_of_itself() -> None:
    after = compiled(wish("fwmark", prefixes=(ANY,)))
    assert after.fwmark == 51820
    assert after.routes == {Route(ANY, 51820)}
    assert after.rules == {
        Rule(4, 5183, 254, source=parse_prefix("198.51.1.2")),
        Rule(4, 5184, 254, suppress_prefixlength=0),
        Rule(4, 5185, 51820, fwmark=51820, invert=True),
    }
    assert made(wish("fwmark")).switches == {SOURCE_VALID_MARK}
    assert made(wish("fwmark", prefixes=(ANY6,))).switches == frozenset()


def test_a_rule_for_the_endpoint_needs_no_mark() -> None:
    after = compiled(wish("rule", prefixes=(ANY,)))
    assert isinstance(after.fwmark, Unset)
    assert after.rules == {
        Rule(4, 5181, 254, destination=GATEWAY),
        Rule(4, 5183, 254, source=parse_prefix("198.51.1.2")),
        Rule(4, 5184, 254, suppress_prefixlength=0),
        Rule(4, 5185, 51820),
    }


def test_halves_leave_the_default_route_and_send_the_endpoint_around() -> None:
    redirection = made(wish("halves"))
    wanted = prefixes("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1")
    assert redirection.routes == {Route(prefix) for prefix in wanted}
    along = OLD._replace(metric=0, protocol=0)
    assert redirection.detours == {
        along._replace(destination=GATEWAY),
        along._replace(table=51820, metric=2048),
        OLD6._replace(table=51820, metric=2048, protocol=0),
    }
    assert redirection.displaced == frozenset()


@pytest.mark.parametrize("tunnel", ["fwmark", "rule"])
@pytest.mark.parametrize("around", ["halves", "replace"])
def test_one_method_can_follow_another_since_no_route_of_one_has_the_place_of_the_others(
    tunnel: str, around: str
) -> None:
    unset = {4: 0, 6: 1024}  # what the kernel makes of a missing metric
    held = {
        (route.destination, route.table, route.metric or unset[route.destination.version])
        for route in made(wish(tunnel)).routes
    }
    assert held.isdisjoint(
        (route.destination, route.table, route.metric or unset[route.destination.version])
        for route in made(wish(around)).detours
    )


def test_replacing_takes_every_default_route_away_but_advertised_ones() -> None:
    advertised = OLD6._replace(protocol=9)
    second = OLD._replace(device="lte", gateway="", metric=700)
    redirection = made(wish("replace"), uplinks=UPLINKS._replace(routes=frozenset({OLD, second, advertised})))
    assert redirection.displaced == {OLD, second}
    assert redirection.routes == {Route(ANY), Route(ANY6, metric=1)}


@pytest.mark.parametrize("method", METHODS)
def test_answers_to_whom_came_in_by_the_uplink_go_back_by_it(method: str) -> None:
    redirection = made(wish(method))
    for own in prefixes("198.51.1.2", "2001:db8:1::2"):
        table = {rule.table for rule in redirection.rules if rule.source == own and rule.suppress_prefixlength is None}
        ways = {route.table for route in redirection.detours if route.destination.length == 0} | {254}
        assert len(table) == 1
        assert table <= ways
    assert not any(rule.source == parse_prefix("10.1.0.1") for rule in redirection.rules)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_kept_goes_the_old_way(method: str) -> None:
    rules = made(wish(method, keep=frozenset({KEPT}))).rules
    (kept,) = (rule for rule in rules if rule.destination == KEPT and rule.suppress_prefixlength is None)
    assert kept.priority < min(rule.priority for rule in rules if not rule.destination)
    assert kept.table == (254 if method in ("fwmark", "rule") else 51820)


@pytest.mark.parametrize("method", ["halves", "replace", "rule"])
def test_an_endpoint_of_the_other_family_needs_no_way_around(method: str) -> None:
    redirection = made(wish(method, endpoint="2001:db8:2::1", prefixes=(ANY,)))
    assert not any(route.destination.length == 128 for route in redirection.detours)
    assert not any(rule.destination for rule in redirection.rules)


def test_an_endpoint_on_the_link_needs_no_way_around() -> None:
    assert not any(route.destination.length for route in made(wish("halves", endpoint="198.51.1.9")).detours)


@pytest.mark.parametrize("endpoint", ["198.51.2.1", "2001:db8:2::1"])
@pytest.mark.parametrize("method", METHODS)
def test_a_second_run_has_nothing_to_do(method: str, endpoint: str) -> None:
    desired = wish(method, endpoint, kill_switch=True)
    after = settled(desired)
    assert steps_to(desired, after, uplinks_with(after)) == ()
    unspoken = replace(desired, default_route=compiled(DesiredInterface("wg0")).default_route)
    assert steps_to(unspoken, after, uplinks_with(after)) == ()


@pytest.mark.parametrize(("first", "second"), [*itertools.product((*METHODS, "none"), repeat=2)])
def test_every_method_follows_every_other_and_leaves_nothing_of_it(first: str, second: str) -> None:
    between = settled(wish(first))
    after = apply_steps(between, steps_to(wish(second), between, uplinks_with(between)))
    straight = settled(wish(second))
    assert replace(after, peers={}) == replace(straight, peers={})


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_dies_between_any_two_steps_is_completed_and_can_be_undone(method: str) -> None:
    desired = wish(method, kill_switch=True)
    steps, straight = steps_to(desired, absent("wg0")), settled(desired)
    gone = replace(desired, present=False)
    for done in range(len(steps) + 1):
        dead = apply_steps(absent("wg0"), steps[:done])
        completed = apply_steps(dead, steps_to(desired, dead, uplinks_with(dead)))
        assert replace(completed, peers={}) == replace(straight, peers={})
        assert apply_steps(dead, steps_to(gone, dead, uplinks_with(dead))) == absent("wg0")


@pytest.mark.parametrize("method", METHODS)
def test_a_removal_that_dies_between_any_two_steps_is_completed(method: str) -> None:
    after = settled(wish(method, kill_switch=True))
    gone = DesiredInterface("wg0", present=False)
    steps = steps_to(gone, after)
    for done in range(len(steps) + 1):
        dead = apply_steps(after, steps[:done])
        assert apply_steps(dead, steps_to(gone, dead)) == absent("wg0")


def test_what_is_about_to_be_ours_is_written_down_first_and_forgotten_last() -> None:
    desired = wish("replace", kill_switch=True)
    steps = steps_to(desired, absent("wg0"))
    assert isinstance(steps[0], RecordRedirection)
    assert isinstance(steps[1], SetKillSwitch)
    removal = steps_to(replace(desired, present=False), settled(desired))
    assert [type(step) for step in removal[-2:]] == [SetKillSwitch, RecordRedirection]


def place(steps: tuple[Step, ...], kind: type) -> list[int]:
    found = [index for index, step in enumerate(steps) if isinstance(step, kind)]
    assert found
    return found


def test_the_way_around_is_there_before_the_way_through_and_goes_after_it() -> None:
    desired = wish("replace")
    steps = steps_to(desired, absent("wg0"))
    assert max(place(steps, AddDetour)) < min(place(steps, AddRule)) <= max(place(steps, AddRule))
    assert max(place(steps, AddRule)) < min(place(steps, AddRoute)) < min(place(steps, DisplaceRoute))
    removal = steps_to(replace(desired, present=False), settled(desired))
    assert max(place(removal, RestoreRoute)) < min(place(removal, RemoveInterface)) < min(place(removal, RemoveDetour))


def test_the_way_around_follows_an_endpoint_that_has_moved() -> None:
    desired = wish("halves")
    after = settled(desired)
    moved = {KEY: after.peers[KEY]._replace(current_endpoint=Endpoint("198.51.2.9", 51820))}
    steps = steps_to(desired, replace(after, peers=moved))
    assert [type(step) for step in steps] == [RecordRedirection, AddDetour, RemoveDetour, RecordRedirection]
    assert [str(steps[index].route.destination) for index in (1, 2)] == ["198.51.2.9/32", "198.51.2.1/32"]


def test_a_default_route_that_came_anew_takes_the_place_of_the_recorded_one() -> None:
    desired = wish("replace")
    after = settled(desired)
    renewed = OLD._replace(gateway="198.51.1.253", source="")
    steps = steps_to(desired, after, UPLINKS._replace(routes=frozenset({renewed, LAN})))
    assert [step.route for step in steps if isinstance(step, DisplaceRoute)] == [renewed]
    assert not any(isinstance(step, RestoreRoute) for step in steps)
    gone = apply_steps(after, steps)
    assert gone.recorded.displaced == {renewed, OLD6}


def test_a_mark_of_the_user_serves_and_stays() -> None:
    desired = replace(wish("fwmark"), fwmark=7)
    after = settled(desired)
    assert (after.fwmark, after.recorded.fwmark) == (7, 0)
    later = settled(replace(wish("none"), peers=()), after)
    assert later.fwmark == 7


def test_a_mark_of_ours_goes() -> None:
    assert settled(replace(wish("none"), peers=()), settled(wish("fwmark"))).fwmark == 0


def test_routes_and_rules_of_the_user_stay_beside_ours() -> None:
    route, rule = Route(parse_prefix("10.9.0.0/16")), Rule(4, 100, 100)
    desired = replace(wish("halves"), routes=frozenset({route}), rules=frozenset({rule}))
    after = settled(desired)
    assert route in after.routes
    assert rule in after.rules
    fewer = settled(replace(desired, routes=frozenset(), rules=frozenset()), after)
    assert fewer.routes == after.routes - {route}
    none = settled(DesiredInterface("wg0", default_route=DefaultRoute("none")), after)
    assert (none.routes, none.rules) == ({route}, {rule})


def test_a_switch_that_was_on_before_is_not_ours() -> None:
    on = UPLINKS._replace(switched_on=frozenset({SOURCE_VALID_MARK}))
    assert made(wish("fwmark"), uplinks=on).switches == frozenset()
    claimed = on._replace(claimed=on.switched_on)
    assert made(wish("fwmark"), uplinks=claimed).switches == on.switched_on


def test_an_interface_that_is_down_redirects_nothing_and_its_kill_switch_stays() -> None:
    redirection = made(replace(wish("fwmark", kill_switch=True), up=False))
    assert redirection == Redirection(fwmark=51820, kill_switch=KillSwitch(51820))


def problems(desired: DesiredInterface, uplinks: Uplinks = UPLINKS) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as raised:
        compiled(desired, uplinks=uplinks)
    return [(problem.place, problem.message) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("desired", "uplinks", "place", "words"),
    [
        (wish("fwmark", prefixes=()), UPLINKS, "default_route", "no peer"),
        (wish("fwmark", prefixes=(ANY,), versions=frozenset({6})), UPLINKS, "default_route.families", "has ::/0"),
        (replace(wish("rule"), addresses=held("10.255.0.2/24")), UPLINKS, "default_route.families", "no IPv6 address"),
        (replace(wish("fwmark"), fwmark=0), UPLINKS, "fwmark", "more than 0"),
        (wish("halves"), UPLINKS._replace(routes=frozenset({OLD6})), "default_route.method", "no usable IPv4"),
        (wish("replace"), Uplinks(), "default_route.method", "no usable IPv4 default route"),
        (
            wish("replace", endpoint="198.51.1.9"),
            UPLINKS._replace(routes=frozenset({LAN, OLD._replace(device="")})),
            "default_route.method",
            "could not be put back",
        ),
        (
            replace(wish("halves"), peers=(wish("halves").peers[0]._replace(endpoint=None),)),
            UPLINKS,
            "default_route.method",
            "no endpoint",
        ),
    ],
)
def test_what_cannot_be_is_said_before_any_step(
    desired: DesiredInterface, uplinks: Uplinks, place: str, words: str
) -> None:
    found = problems(desired, uplinks)
    assert [where for where, _what in found] == [place]
    assert words in found[0][1]
