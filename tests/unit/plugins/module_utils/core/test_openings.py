# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is let through a filter, and where its rules stand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.openings import (
    Access,
    AddMember,
    AddOpening,
    Filter,
    FilterRule,
    Member,
    MoveOpening,
    Opening,
    OpeningStep,
    RemoveMember,
    RemoveOpening,
    plan_openings,
    read_access,
)

PORT = Opening(4, "input", port=13231)
PORT6 = PORT._replace(version=6)
OTHER = Opening(4, "input", port=51820)
NEEDED = Access((PORT,))
WALL = FilterRule("*5", 4)
LAN = Member("LAN", "wg0")


def ours(handle: str, opening: Opening | None = PORT, user: str = "corp") -> FilterRule:
    return FilterRule(handle, opening.version if opening else 4, user, opening)


def plan(*rules: FilterRule, needed: Access = NEEDED, **members: Any) -> tuple[OpeningStep, ...]:
    present = {rule.handle for rule in rules}
    return plan_openings(
        Filter(rules, members.get("members", {})), "corp", needed, lambda _opening: "*5" if "*5" in present else None
    )


def test_a_rule_is_added_before_the_wall() -> None:
    assert plan(WALL) == (AddOpening(PORT, "*5"),)


def test_without_a_wall_a_rule_is_added_at_the_end() -> None:
    assert plan() == (AddOpening(PORT),)


def test_a_rule_that_stands_before_the_wall_stays_wherever_that_is() -> None:
    assert plan(ours("*9"), FilterRule("*6", 4), WALL) == ()


def test_a_rule_that_was_moved_behind_the_wall_is_moved_back() -> None:
    assert plan(WALL, ours("*9")) == (MoveOpening("*9", PORT, "*5"),)


def test_a_rule_that_is_not_in_force_is_replaced() -> None:
    assert plan(ours("*9", None), WALL) == (AddOpening(PORT, "*5"), RemoveOpening("*9", 4))


def test_a_rule_that_is_there_twice_is_removed_once() -> None:
    assert plan(ours("*8"), ours("*9"), WALL) == (RemoveOpening("*9", 4),)


def test_what_is_no_longer_needed_is_removed_after_what_is_needed_is_there() -> None:
    assert plan(ours("*9", OTHER), WALL) == (AddOpening(PORT, "*5"), RemoveOpening("*9", 4))
    assert plan(ours("*9"), WALL, needed=Access()) == (RemoveOpening("*9", 4),)


def test_what_others_own_is_neither_used_nor_touched() -> None:
    rules = (ours("*1", user="home"), ours("*2", user=""), WALL)
    assert plan(*rules) == (AddOpening(PORT, "*5"),)
    assert plan(*rules, needed=Access()) == ()


def test_rules_of_two_ip_versions_may_have_the_same_handle() -> None:
    needed = Access((PORT, PORT6))
    observed = Filter((ours("*1"), FilterRule("*5", 4), ours("*1", PORT6), FilterRule("*5", 6)), {})
    assert plan_openings(observed, "corp", needed, lambda _opening: "*5") == ()


def test_members_are_added_and_only_ours_are_removed() -> None:
    needed = Access((), {LAN})
    assert plan(needed=needed) == (AddMember(LAN),)
    assert plan(needed=needed, members={LAN: ""}) == ()
    assert plan(needed=Access(), members={LAN: ""}) == ()
    assert plan(needed=Access(), members={LAN: "home"}) == ()
    assert plan(needed=Access(), members={LAN: "corp"}) == (RemoveMember(LAN),)


@given(st.lists(st.sampled_from([PORT, OTHER]), unique=True), st.permutations([0, 1, 2]))
def test_after_the_steps_there_is_nothing_more_to_do(openings: list[Opening], order: list[int]) -> None:
    pool = [ours("*1"), ours("*2", OTHER), WALL]
    rules = [pool[index] for index in order]
    needed = Access(tuple(openings))
    settled = carried_out(rules, plan(*rules, needed=needed))
    assert plan(*settled, needed=needed) == ()
    assert [rule for rule in settled if rule.owner == ""] == [WALL]


def carried_out(rules: list[FilterRule], steps: tuple[OpeningStep, ...]) -> list[FilterRule]:
    rules = list(rules)
    for number, step in enumerate(steps):
        if isinstance(step, (MoveOpening, RemoveOpening)):
            rules = [rule for rule in rules if rule.handle != step.handle]
        if isinstance(step, (MoveOpening, AddOpening)):
            handles = [rule.handle for rule in rules]
            place = handles.index(step.before) if step.before else len(rules)
            rules.insert(place, ours(f"*new{number}", step.opening))
    return rules


def test_options_become_openings_of_both_versions_and_both_ways() -> None:
    access = read_access(
        {
            "listen_ports": [13231],
            "forward_pairs": [{"local": "10.1.0.5/24", "remote": "10.2.0.0/24", "interface": "wg0"}],
            "list_members": [{"list": "LAN", "interface": "wg0"}],
        }
    )
    local, remote = parse_prefix("10.1.0.0/24"), parse_prefix("10.2.0.0/24")
    assert access.openings == (
        PORT,
        PORT6,
        Opening(4, "forward", source=remote, destination=local, in_interface="wg0"),
        Opening(4, "forward", source=local, destination=remote, out_interface="wg0"),
    )
    assert access.members == {LAN}


def test_all_wrong_options_are_told_with_their_places() -> None:
    pairs = [
        {"local": "what", "remote": "10.0.0.0/8"},
        {"local": "fd00::/8", "remote": "10.0.0.0/8", "interface": "a b"},
    ]
    with pytest.raises(InvalidInput) as caught:
        read_access({"listen_ports": [0, 70000], "forward_pairs": pairs})
    places = [problem.place for problem in caught.value.problems]
    assert places == ["listen_ports[0]", "listen_ports[1]", "forward_pairs[0].local", "forward_pairs[1].interface"]


def test_a_pair_is_of_one_ip_version() -> None:
    with pytest.raises(InvalidInput, match="not of one IP version"):
        read_access({"forward_pairs": [{"local": "fd00::/8", "remote": "10.0.0.0/8"}]})
