# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is forwarded, for whom, and what was so before."""

from __future__ import annotations

from typing import Any, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import (
    IPV6_SWITCH,
    SWITCHES,
    Forwarding,
    ForwardingStep,
    KeepSwitches,
    RecordSwitches,
    SetSwitch,
    apply_forwarding,
    plan_forwarding,
)

IPV4 = SWITCHES["ipv4"]
WAN = "net.ipv6.conf.wan.accept_ra"
ALL = (IPV4, IPV6_SWITCH, WAN)
OFF = Forwarding(frozenset(), {})

switches = st.frozensets(st.sampled_from(ALL))
families = st.lists(st.sampled_from(("ipv4", "ipv6")), unique=True)
users = st.sampled_from(("corp", "guests"))
runs = st.lists(st.tuples(users, families), max_size=6)
states = st.builds(
    Forwarding,
    on=switches,
    needed=st.dictionaries(users, switches.filter(bool)),
    recorded=switches,
    listening=st.frozensets(st.just(WAN)),
    claimed=switches,
)


def some(*names: str) -> frozenset[str]:
    return frozenset(names)


def converge(state: Forwarding, user: str, wanted: Sequence[str]) -> Forwarding:
    return apply_forwarding(state, plan_forwarding(state, user, wanted))


@pytest.mark.parametrize(
    ("observed", "wanted", "steps"),
    [
        (OFF, [], ()),
        (OFF, ["ipv4"], (RecordSwitches(some(IPV4)), KeepSwitches("corp", some(IPV4)), SetSwitch(IPV4, 1))),
        (Forwarding(some(IPV4), {}), ["ipv4"], (KeepSwitches("corp", some(IPV4)),)),
        (Forwarding(some(IPV4), {"corp": some(IPV4)}, some(IPV4)), ["ipv4"], ()),
        (
            Forwarding(some(IPV4), {"corp": some(IPV4)}, some(IPV4)),
            [],
            (SetSwitch(IPV4, 0), RecordSwitches(some()), KeepSwitches("corp", some())),
        ),
        (Forwarding(some(IPV4), {"corp": some(IPV4)}), [], (KeepSwitches("corp", some()),)),
        (Forwarding(some(), {"corp": some(IPV4)}, some(IPV4)), ["ipv4"], (SetSwitch(IPV4, 1),)),
    ],
    ids=["nothing", "off before", "on before", "settled", "ours goes", "theirs stays", "turned off by hand"],
)
def test_only_what_differs_is_planned(
    observed: Forwarding, wanted: list[str], steps: tuple[ForwardingStep, ...]
) -> None:
    assert plan_forwarding(observed, "corp", wanted) == steps


def test_advertisements_are_listened_to_before_ipv6_is_forwarded_and_after_it_is_not() -> None:
    observed = OFF._replace(listening=some(WAN))
    steps = plan_forwarding(observed, "corp", ["ipv6"])
    assert [step for step in steps if isinstance(step, SetSwitch)] == [SetSwitch(WAN, 2), SetSwitch(IPV6_SWITCH, 1)]
    back = plan_forwarding(apply_forwarding(observed, steps), "corp", [])
    assert [step for step in back if isinstance(step, SetSwitch)] == [SetSwitch(IPV6_SWITCH, 0), SetSwitch(WAN, 1)]


def test_an_interface_is_listened_to_while_its_route_is_away() -> None:
    settled = converge(OFF._replace(listening=some(WAN)), "corp", ["ipv6"])._replace(listening=some())
    assert plan_forwarding(settled, "corp", ["ipv6"]) == ()


def test_a_switch_stays_on_for_the_second_of_two_users_and_goes_off_with_it() -> None:
    both = converge(converge(OFF, "corp", ["ipv4"]), "guests", ["ipv4"])
    one = converge(both, "corp", [])
    assert one.on == some(IPV4)
    assert converge(one, "guests", []) == OFF


def test_what_a_file_of_others_turns_on_at_boot_is_left_on() -> None:
    ours = converge(OFF, "corp", ["ipv4"])._replace(claimed=some(IPV4))
    left = converge(ours, "corp", [])
    assert (left.on, left.needed, left.recorded) == (some(IPV4), {}, some())


@given(states, users, families)
def test_nothing_is_left_to_do_after_the_plan(state: Forwarding, user: str, wanted: list[str]) -> None:
    assert plan_forwarding(converge(state, user, wanted), user, wanted) == ()


@given(switches, switches, runs)
def test_what_was_on_before_is_never_turned_off(
    before: frozenset[str], claimed: frozenset[str], steps: list[Any]
) -> None:
    state = Forwarding(before, {}, claimed=claimed, listening=some(WAN))
    for user, wanted in steps:
        state = converge(state, user, wanted)
        assert state.on >= before
    for user in ("corp", "guests"):
        state = converge(state, user, [])
    assert state.on - claimed == before - claimed
    assert (state.needed, state.recorded) == ({}, some())


@given(switches, runs, users, families, st.integers(0, 5))
def test_a_run_that_died_is_made_good_by_the_next(
    before: frozenset[str],
    earlier: list[Any],
    user: str,
    wanted: list[str],
    survived: int,
) -> None:
    state = Forwarding(before, {}, listening=some(WAN))
    for each, families_then in earlier:
        state = converge(state, each, families_then)
    died = apply_forwarding(state, plan_forwarding(state, user, wanted)[:survived])
    assert converge(died, user, wanted) == converge(state, user, wanted)


@given(st.integers(0, 5))
def test_what_others_turn_on_after_a_run_died_is_theirs(survived: int) -> None:
    steps = plan_forwarding(OFF, "corp", ["ipv4"])
    died = apply_forwarding(OFF, steps[:survived])
    is_ours = SetSwitch(IPV4, 1) in steps[:survived] or "corp" in died.needed
    later = converge(died._replace(on=some(IPV4)), "corp", ["ipv4"])
    assert (IPV4 in later.recorded) == is_ours
