# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner promises, for random states and by example."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    File,
    Interface,
    Peer,
    Route,
    Rule,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import KEPT_SUFFIX, plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddAddress,
    AddRoute,
    AddRule,
    CreateInterface,
    RemoveAddress,
    RemoveFile,
    RemoveInterface,
    RemovePeer,
    RemoveRoute,
    RemoveRule,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, SecretText
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.strategies import (
    ADDRESSES,
    ENDPOINTS,
    OURS,
    PRESHARED_KEYS,
    PRIVATE_KEYS,
    PUBLIC_KEYS,
    ROUTES,
    RULES,
    desired_interfaces,
    desired_of,
    existing,
    observed_interfaces,
    render_files,
)

A, B, C, D = PUBLIC_KEYS[:4]
ONE, TWO, THREE = map(parse_prefix, ("10.0.0.1", "10.0.0.2", "10.0.0.3"))


def plan_or_none(observed: Interface, desired: DesiredInterface) -> tuple[Step, ...] | None:
    try:
        return plan(observed, desired, render_files)
    except InvalidInput:
        return None


def planned(observed: Interface, desired: DesiredInterface) -> tuple[Step, ...]:
    steps = plan_or_none(observed, desired)
    assume(steps is not None)
    return steps or ()


def interface(*peers: Peer, **others: object) -> Interface:
    return Interface("wg0", peers={peer.public_key: peer for peer in peers}, **others)


def steps_for(observed: Interface, *peers: DesiredPeer, **others: object) -> tuple[Step, ...]:
    desired = DesiredInterface("wg0", peers=peers, **others)
    return plan(observed, desired, lambda state: {})


# Rules for every pair of states.


@given(existing)
def test_equal_states_give_no_step(observed: Interface) -> None:
    observed = dataclasses.replace(observed, files=render_files(observed))
    assert plan(observed, desired_of(observed), render_files) == ()


@given(observed_interfaces, desired_interfaces)
def test_after_the_steps_there_is_no_step_left(observed: Interface, desired: DesiredInterface) -> None:
    after = apply_steps(observed, planned(observed, desired))
    assert plan(after, desired, render_files) == ()


@given(observed_interfaces, desired_interfaces, st.data())
def test_after_an_interruption_between_any_two_steps_the_next_run_ends_the_same(
    observed: Interface, desired: DesiredInterface, data: st.DataObject
) -> None:
    steps = planned(observed, desired)
    interrupted = apply_steps(observed, steps[: data.draw(st.integers(0, len(steps)))])
    rest = plan(interrupted, desired, render_files)
    assert apply_steps(interrupted, rest) == apply_steps(observed, steps)


@given(observed_interfaces, desired_interfaces)
def test_what_is_desired_holds_after_the_steps(observed: Interface, desired: DesiredInterface) -> None:
    after = apply_steps(observed, planned(observed, desired))
    assert after.exists == desired.present
    if not desired.present:
        assert not after.rules
        assert not [path for path, file in after.files.items() if not file.foreign]
        return
    if not after.up:
        desired = dataclasses.replace(desired, routes=UNSET if desired.routes is UNSET else frozenset())
        observed = dataclasses.replace(observed, routes=after.routes)
    for name in ("private_key", "fwmark", "mtu", "up", "addresses", "routes", "rules"):
        value = getattr(desired, name)
        before = getattr(observed, name)
        if before is not HIDDEN and (value is not UNSET or observed.exists):
            assert getattr(after, name) == (before if value is UNSET else value), name
    for peer in desired.peers:
        assert (peer.public_key in after.peers) == peer.present
        if peer.present and peer.allowed_ips is not UNSET:
            assert after.peers[peer.public_key].allowed_ips == peer.allowed_ips


@given(observed_interfaces, desired_interfaces, st.randoms(use_true_random=False))
def test_the_order_of_peers_never_matters(observed: Interface, desired: DesiredInterface, order: random.Random) -> None:
    peers = list(desired.peers)
    order.shuffle(peers)
    shuffled = dataclasses.replace(desired, peers=tuple(peers))
    steps, others = plan_or_none(observed, desired), plan_or_none(observed, shuffled)
    assert (steps is None) == (others is None)
    assert set(steps or ()) == set(others or ())
    assert apply_steps(observed, steps or ()) == apply_steps(observed, others or ())


@given(observed_interfaces, desired_interfaces)
def test_no_step_touches_a_peer_that_does_not_differ(observed: Interface, desired: DesiredInterface) -> None:
    steps = planned(observed, desired)
    after = apply_steps(observed, steps)
    touched = [step.public_key for step in steps if isinstance(step, (SetPeer, RemovePeer))]
    assert len(set(touched)) == len(touched)
    for key in touched:
        assert observed.peers.get(key) != after.peers.get(key)


@given(observed_interfaces, desired_interfaces)
def test_only_a_peer_whose_list_is_desired_or_that_goes_loses_an_allowed_ip(
    observed: Interface, desired: DesiredInterface
) -> None:
    after = apply_steps(observed, planned(observed, desired))
    listed = {peer.public_key for peer in desired.peers if peer.allowed_ips is not UNSET}
    for key, peer in after.peers.items():
        if key not in listed and key in observed.peers:
            assert peer.allowed_ips == observed.peers[key].allowed_ips


@given(observed_interfaces)
def test_an_empty_desire_gives_no_step_for_what_exists(observed: Interface) -> None:
    steps = plan(observed, DesiredInterface("wg0"), lambda state: observed.files)
    assert steps == (() if observed.exists else (CreateInterface("wg0"),))


@given(existing, desired_interfaces)
def test_unset_gives_no_step_and_no_part_of_one(observed: Interface, desired: DesiredInterface) -> None:
    steps = planned(observed, dataclasses.replace(desired, present=True))
    forbidden: dict[str, set[type]] = {
        "addresses": {AddAddress, RemoveAddress},
        "routes": {AddRoute, RemoveRoute},
        "rules": {AddRule, RemoveRule},
    }
    for option, steps_of_it in forbidden.items():
        if getattr(desired, option) is UNSET:
            assert steps_of_it.isdisjoint(map(type, steps))
    by_key = {peer.public_key: peer for peer in desired.peers}
    for step in steps:
        if isinstance(step, (SetDevice, SetLink)):
            whole: object = desired
        elif isinstance(step, SetPeer):
            whole = by_key[step.public_key]
        else:
            continue
        for field in dataclasses.fields(step):
            if hasattr(whole, field.name) and getattr(whole, field.name) is UNSET:
                assert getattr(step, field.name) is UNSET, field.name


@given(observed_interfaces, desired_interfaces)
def test_a_foreign_file_is_kept_aside_or_left_alone(observed: Interface, desired: DesiredInterface) -> None:
    steps = planned(observed, desired)
    foreign = {path for path, file in observed.files.items() if file.foreign}
    assert not [step for step in steps if isinstance(step, RemoveFile) and step.path in foreign]
    for step in steps:
        if isinstance(step, WriteFile):
            assert step.keep_as == (step.path + KEPT_SUFFIX if step.path in foreign else "")


RANKS = (
    (CreateInterface, SetDevice, RemoveRoute, RemoveRule),
    (RemoveInterface,),
    (RemovePeer,),
    (SetPeer,),
    (AddAddress, RemoveAddress),
    (SetLink,),
    (AddRoute, AddRule),
    (WriteFile, RemoveFile),
)
RANK = {kind: rank for rank, kinds in enumerate(RANKS) for kind in kinds}


@given(observed_interfaces, desired_interfaces)
def test_routes_go_before_peers_and_come_after_them_and_files_are_last(
    observed: Interface, desired: DesiredInterface
) -> None:
    ranks = [RANK[type(step)] for step in planned(observed, desired)]
    assert ranks == sorted(ranks)


def test_an_address_is_added_before_another_goes_unless_it_only_gets_another_length() -> None:
    old, new, same = map(parse_interface_address, ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.1/32"))
    observed = dataclasses.replace(interface(), addresses=frozenset({old}))
    changed = DesiredInterface("wg0", addresses=frozenset({new}))
    assert plan(observed, changed, lambda state: {}) == (AddAddress(new), RemoveAddress(old))
    shortened = dataclasses.replace(changed, addresses=frozenset({same}))
    assert plan(observed, shortened, lambda state: {}) == (
        RemoveAddress(old),
        AddAddress(same),
    )


@pytest.mark.parametrize(
    "desired",
    [
        DesiredInterface("wg0", mtu=1279),
        DesiredInterface("wg0", mtu=1279, routes=frozenset()),
    ],
)
def test_an_mtu_that_would_take_ipv6_away_is_refused_where_addresses_are_left_alone(desired: DesiredInterface) -> None:
    mixed = frozenset(map(parse_interface_address, ("10.0.0.1/24", "fd00::1/64")))
    observed = dataclasses.replace(interface(), mtu=1420, addresses=mixed)
    with pytest.raises(InvalidInput, match=r"mtu: 1279 is too small .* at least 1280, or addresses without fd00::1/64"):
        plan(observed, desired, lambda state: {})
    only = frozenset({parse_interface_address("10.0.0.1/24")})
    assert plan(observed, dataclasses.replace(desired, addresses=only), lambda state: {})
    assert plan(observed, dataclasses.replace(desired, mtu=1280), lambda state: {})


def test_an_ipv6_address_is_refused_where_the_mtu_that_is_left_alone_is_too_small_for_it() -> None:
    observed = dataclasses.replace(interface(), mtu=1000)
    added = DesiredInterface("wg0", addresses=frozenset({parse_interface_address("fd00::1/64")}))
    with pytest.raises(InvalidInput, match="mtu: 1000 is too small"):
        plan(observed, added, lambda state: {})
    assert plan(observed, dataclasses.replace(added, mtu=1280), lambda state: {})


# By example: what a peer gains and loses.


def test_a_prefix_that_moves_is_added_at_the_gainer_only() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE, TWO})), Peer(B))
    steps = steps_for(
        observed, DesiredPeer(A, allowed_ips=frozenset({ONE})), DesiredPeer(B, allowed_ips=frozenset({TWO}))
    )
    assert steps == (SetPeer(B, add_allowed_ips=frozenset({TWO})),)


def test_a_loser_that_loses_more_than_what_moves_gets_its_list_anew() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE, TWO, THREE})), Peer(B))
    steps = steps_for(
        observed, DesiredPeer(A, allowed_ips=frozenset({ONE})), DesiredPeer(B, allowed_ips=frozenset({TWO}))
    )
    assert set(steps) == {
        SetPeer(A, add_allowed_ips=frozenset({ONE}), replace_allowed_ips=True),
        SetPeer(B, add_allowed_ips=frozenset({TWO})),
    }


def test_two_peers_can_swap_prefixes() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE})), Peer(B, allowed_ips=frozenset({TWO})))
    steps = steps_for(
        observed, DesiredPeer(A, allowed_ips=frozenset({TWO})), DesiredPeer(B, allowed_ips=frozenset({ONE}))
    )
    after = apply_steps(observed, steps).peers
    assert (after[A].allowed_ips, after[B].allowed_ips) == (frozenset({TWO}), frozenset({ONE}))
    assert not [step for step in steps if isinstance(step, SetPeer) and step.replace_allowed_ips]


def test_one_more_prefix_sends_only_that_prefix() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE}), endpoint=ENDPOINTS[0]))
    desired = DesiredPeer(A, allowed_ips=frozenset({ONE, TWO}), endpoint=ENDPOINTS[0])
    assert steps_for(observed, desired) == (SetPeer(A, add_allowed_ips=frozenset({TWO})),)


@pytest.mark.parametrize("thief_exists", [True, False])
@pytest.mark.parametrize("victim", [(), (DesiredPeer(A, name="alice"),)], ids=["unmentioned", "without a list"])
def test_a_theft_is_refused_with_its_place(thief_exists: bool, victim: tuple[DesiredPeer, ...]) -> None:
    peers = (Peer(A, allowed_ips=frozenset({ONE, TWO})), *([Peer(B)] if thief_exists else []))
    with pytest.raises(InvalidInput) as caught:
        steps_for(interface(*peers), *victim, DesiredPeer(B, allowed_ips=frozenset({TWO, THREE})))
    (problem,) = caught.value.problems
    assert problem.place == f"peer {B}: allowed_ips"
    assert problem.message == f"10.0.0.2/32 belongs to the peer {A}, which would lose it; take it from there first"


def test_all_thefts_are_told_at_once() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE, TWO})), Peer(B, allowed_ips=frozenset({THREE})))
    with pytest.raises(InvalidInput) as caught:
        steps_for(observed, DesiredPeer(C, allowed_ips=frozenset({ONE, TWO, THREE})))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("purged", [True, False], ids=["purged", "absent"])
def test_a_peer_that_goes_gives_its_prefixes(purged: bool) -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE})))
    gone = () if purged else (DesiredPeer(A, present=False),)
    steps = steps_for(observed, *gone, DesiredPeer(B, allowed_ips=frozenset({ONE})), purge_peers=purged)
    assert steps == (RemovePeer(A), SetPeer(B, create=True, add_allowed_ips=frozenset({ONE})))


def test_a_prefix_within_that_of_another_peer_is_no_theft() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({parse_prefix("0.0.0.0/0")})))
    assert len(steps_for(observed, DesiredPeer(B, allowed_ips=frozenset({ONE})))) == 1


def test_purge_removes_exactly_what_is_not_mentioned() -> None:
    observed = interface(Peer(A), Peer(B), Peer(C))
    assert steps_for(observed, DesiredPeer(B), purge_peers=True) == (RemovePeer(A), RemovePeer(C))
    assert steps_for(observed, DesiredPeer(B)) == ()


def test_an_absent_peer_that_is_not_there_gives_no_step() -> None:
    assert steps_for(interface(), DesiredPeer(A, present=False)) == ()


def test_emptied_allowed_ips_are_taken_away() -> None:
    observed = interface(Peer(A, allowed_ips=frozenset({ONE})))
    assert steps_for(observed, DesiredPeer(A, allowed_ips=frozenset())) == (SetPeer(A, replace_allowed_ips=True),)


# By example: single values.


def test_a_roamed_endpoint_is_left_alone() -> None:
    observed = interface(Peer(A, endpoint=ENDPOINTS[0], current_endpoint=Endpoint("198.51.100.7", 999)))
    assert steps_for(observed, DesiredPeer(A, endpoint=ENDPOINTS[0])) == ()


@pytest.mark.parametrize("desired", [None, *PRESHARED_KEYS])
def test_a_hidden_preshared_key_never_differs(desired: PresharedKey | None) -> None:
    assert steps_for(interface(Peer(A, preshared_key=HIDDEN)), DesiredPeer(A, preshared_key=desired)) == ()


def test_a_hidden_private_key_never_differs() -> None:
    assert steps_for(interface(private_key=HIDDEN), private_key=PRIVATE_KEYS[0]) == ()


def test_a_preshared_key_is_taken_away_by_an_explicit_none_only() -> None:
    observed = interface(Peer(A, preshared_key=PRESHARED_KEYS[0]))
    assert steps_for(observed, DesiredPeer(A)) == ()
    assert steps_for(observed, DesiredPeer(A, preshared_key=None)) == (SetPeer(A, preshared_key=None),)


def test_unset_port_is_left_alone() -> None:
    assert steps_for(interface(listen_port=51820, fwmark=3), fwmark=4) == (SetDevice(fwmark=4),)


def test_any_port_will_do_where_port_0_is_desired() -> None:
    assert steps_for(interface(listen_port=40000), listen_port=0) == ()


def test_a_mark_of_0_is_a_value() -> None:
    assert steps_for(interface(fwmark=3), fwmark=0) == (SetDevice(fwmark=0),)


def test_a_new_interface_of_the_default_mtu_needs_no_step_for_it() -> None:
    assert steps_for(absent("wg0"), mtu=1420) == (CreateInterface("wg0"),)


def test_a_whole_new_interface_takes_the_steps_in_order() -> None:
    steps = steps_for(
        absent("wg0"),
        DesiredPeer(A, allowed_ips=frozenset({ONE})),
        private_key=PRIVATE_KEYS[0],
        addresses=frozenset({ADDRESSES[0]}),
        routes=frozenset({ROUTES[0]}),
        rules=frozenset({RULES[0]}),
        up=True,
    )
    assert steps == (
        CreateInterface("wg0"),
        SetDevice(private_key=PRIVATE_KEYS[0]),
        SetPeer(A, create=True, add_allowed_ips=frozenset({ONE})),
        AddAddress(ADDRESSES[0]),
        SetLink(up=True),
        AddRoute(ROUTES[0]),
        AddRule(RULES[0]),
    )


def test_an_interface_that_goes_takes_our_rules_and_files_along() -> None:
    files = {OURS[0]: File(SecretText(b"ours")), OURS[1]: File(SecretText(b"theirs"), foreign=True)}
    observed = interface(Peer(A), rules=frozenset({RULES[0]}), routes=frozenset({ROUTES[0]}), files=files)
    steps = plan(observed, DesiredInterface("wg0", present=False), render_files)
    assert steps == (RemoveRule(RULES[0]), RemoveInterface("wg0"), RemoveFile(OURS[0]))


def test_what_an_absent_interface_left_behind_goes_too() -> None:
    observed = dataclasses.replace(
        absent("wg0"), rules=frozenset({Rule(4, 1000, 100)}), files={OURS[0]: File(SecretText(b"ours"))}
    )
    steps = plan(observed, DesiredInterface("wg0", present=False), render_files)
    assert steps == (RemoveRule(Rule(4, 1000, 100)), RemoveFile(OURS[0]))


def test_a_route_in_another_table_is_another_route() -> None:
    here, there = Route(ONE), Route(ONE, table=100)
    steps = steps_for(interface(up=True, routes=frozenset({here})), routes=frozenset({there}))
    assert steps == (RemoveRoute(here), AddRoute(there))


def test_an_interface_that_goes_down_loses_its_routes_first() -> None:
    observed = interface(up=True, routes=frozenset({ROUTES[0]}))
    steps = steps_for(observed, up=False, routes=frozenset(ROUTES[:2]))
    assert steps == (RemoveRoute(ROUTES[0]), SetLink(up=False))


def test_routes_that_are_unset_are_gone_with_their_link() -> None:
    observed = interface(up=True, routes=frozenset({ROUTES[0]}))
    steps = steps_for(observed, up=False)
    assert (steps, apply_steps(observed, steps).routes) == ((SetLink(up=False),), frozenset())


def test_an_interface_that_is_down_gets_its_routes_when_it_comes_up() -> None:
    desired = frozenset({ROUTES[0]})
    assert steps_for(interface(), routes=desired) == ()
    assert steps_for(interface(), routes=desired, up=True) == (SetLink(up=True), AddRoute(ROUTES[0]))


def test_a_secret_that_changes_in_a_file_only_writes_the_file() -> None:
    state = interface(persist="wg_quick", private_key=PRIVATE_KEYS[0])
    current = render_files(state)
    observed = dataclasses.replace(state, files={OURS[0]: current[OURS[0]]._replace(content=SecretText(b"before"))})
    assert plan(observed, DesiredInterface("wg0"), render_files) == (WriteFile(OURS[0], current[OURS[0]]),)


def test_files_are_left_alone_where_they_stand_for_the_state() -> None:
    state = interface(Peer(A, last_handshake=3.0), persist="wg_quick", private_key=PRIVATE_KEYS[0])
    observed = dataclasses.replace(state, files=render_files(state))
    assert plan(observed, DesiredInterface("wg0", persist="wg_quick"), render_files) == ()
    assert plan(observed, DesiredInterface("wg0", persist="none"), render_files) == (RemoveFile(OURS[0]),)
