# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of a filter do, and where they stand."""

from __future__ import annotations

from typing import Collection, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    TABLES,
    AddEntry,
    AddMember,
    Clamp,
    Entry,
    Filter,
    FilterRule,
    FilterStep,
    Handle,
    Member,
    MoveEntry,
    Opening,
    RemoveEntry,
    RemoveMember,
    Translation,
    plan_filter,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

PORT = Opening(4, "input", "udp", 13231)
PORT6 = PORT._replace(version=6)
OTHER = Opening(4, "input", "udp", 51820)
HIDE = Translation(4, parse_prefix("10.0.0.0/24"), "wan")
FIT = Clamp(4, in_interface="wg0")
ENTRIES: Sequence[Entry] = (PORT, HIDE, FIT)
WALL = FilterRule(Handle("filter", 4, "*5"))
LAN = Member("LAN", "wg0")


def at(handle: str, entry: Entry = PORT) -> Handle:
    return Handle(TABLES[type(entry)], entry.version, handle)


def ours(handle: str, entry: Entry | None = PORT, user: str = "corp") -> FilterRule:
    return FilterRule(at(handle, entry or PORT), user, entry)


def plan(
    *rules: FilterRule,
    needed: Sequence[Entry] = (PORT,),
    members: Mapping[Member, str] | None = None,
    needed_members: Collection[Member] = (),
) -> tuple[FilterStep, ...]:
    """Plan with a wall in each table that has a rule *5."""
    present = {rule.handle for rule in rules}

    def wall_of(entry: Entry) -> Handle | None:
        wall = at("*5", entry)
        return wall if wall in present else None

    return plan_filter(Filter(rules, members or {}), "corp", needed, needed_members, wall_of)


def test_a_rule_is_added_before_the_wall() -> None:
    assert plan(WALL) == (AddEntry(PORT, WALL.handle),)


def test_without_a_wall_a_rule_is_added_at_the_end() -> None:
    assert plan() == (AddEntry(PORT),)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_rule_that_stands_before_the_wall_stays_wherever_that_is(entry: Entry) -> None:
    wall = FilterRule(at("*5", entry))
    assert plan(ours("*9", entry), FilterRule(at("*6", entry)), wall, needed=[entry]) == ()


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_rule_that_was_moved_behind_the_wall_is_moved_back(entry: Entry) -> None:
    wall = FilterRule(at("*5", entry))
    assert plan(wall, ours("*9", entry), needed=[entry]) == (MoveEntry(at("*9", entry), entry, wall.handle),)


def test_a_rule_that_is_not_in_force_is_replaced() -> None:
    assert plan(ours("*9", None), WALL) == (AddEntry(PORT, WALL.handle), RemoveEntry(at("*9")))


def test_a_rule_that_is_there_twice_is_removed_once() -> None:
    assert plan(ours("*8"), ours("*9"), WALL) == (RemoveEntry(at("*9"), PORT),)


def test_what_is_no_longer_needed_is_removed_after_what_is_needed_is_there() -> None:
    assert plan(ours("*9", OTHER), WALL) == (AddEntry(PORT, WALL.handle), RemoveEntry(at("*9"), OTHER))
    assert plan(ours("*9"), WALL, needed=[]) == (RemoveEntry(at("*9"), PORT),)


def test_what_others_own_is_neither_used_nor_touched() -> None:
    rules = (ours("*1", user="home"), ours("*2", user=""), WALL)
    assert plan(*rules) == (AddEntry(PORT, WALL.handle),)
    assert plan(*rules, needed=[]) == ()


def test_rules_of_two_tables_or_ip_versions_may_have_the_same_id() -> None:
    rules = [ours("*1", PORT), ours("*1", PORT6), ours("*1", HIDE), ours("*1", FIT)]
    walls = [FilterRule(at("*5", entry)) for entry in (PORT, PORT6, HIDE, FIT)]
    assert plan(*rules, *walls, needed=[PORT, PORT6, HIDE, FIT]) == ()
    assert plan(walls[2], *rules, needed=[PORT, PORT6, HIDE, FIT]) == (MoveEntry(at("*1", HIDE), HIDE, at("*5", HIDE)),)


def test_members_are_added_and_only_ours_are_removed() -> None:
    assert plan(needed=[], needed_members={LAN}) == (AddMember(LAN),)
    assert plan(needed=[], needed_members={LAN}, members={LAN: ""}) == ()
    assert plan(needed=[], members={LAN: ""}) == ()
    assert plan(needed=[], members={LAN: "home"}) == ()
    assert plan(needed=[], members={LAN: "corp"}) == (RemoveMember(LAN),)


@given(st.lists(st.sampled_from([PORT, OTHER]), unique=True), st.permutations([0, 1, 2]))
def test_after_the_steps_there_is_nothing_more_to_do(needed: list[Entry], order: list[int]) -> None:
    pool = [ours("*1"), ours("*2", OTHER), WALL]
    rules = [pool[index] for index in order]
    settled = carried_out(rules, plan(*rules, needed=needed))
    assert plan(*settled, needed=needed) == ()
    assert [rule for rule in settled if rule.owner == ""] == [WALL]


def carried_out(rules: list[FilterRule], steps: tuple[FilterStep, ...]) -> list[FilterRule]:
    rules = list(rules)
    for number, step in enumerate(steps):
        if isinstance(step, (MoveEntry, RemoveEntry)):
            rules = [rule for rule in rules if rule.handle != step.handle]
        if isinstance(step, (MoveEntry, AddEntry)):
            handles = [rule.handle for rule in rules]
            place = handles.index(step.before) if step.before else len(rules)
            rules.insert(place, ours(f"*new{number}", step.entry))
    return rules
