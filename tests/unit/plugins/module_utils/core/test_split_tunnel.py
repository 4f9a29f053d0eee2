# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import (
    DropPart,
    PartKey,
    Parts,
    PutPart,
    plan_parts,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    read_split_tunnel,
    shrinkage,
    whole_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix


def wrong(**options: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_split_tunnel({"interface": "wg0", "refresh": "daily", "shrink_limit": 20, **options})
    return [problem.place for problem in caught.value.problems]


def test_all_problems_are_told_at_once_with_their_places() -> None:
    places = wrong(
        interface="a b",
        prefixes=["10.0.0.0/8", "ten"],
        files=["relative"],
        rir=[{"source": "ftp://x", "countries": ["NZL", "NZ"]}, {"source": "/x", "countries": []}],
        refresh="daily\nExecStart=x",
        shrink_limit=101,
        dns=[{"servers": ["dns.example"], "domains": ["192.0.2.1", "corp.example"]}, {"servers": []}],
        mark="0x1",
    )
    assert sorted(places) == sorted([
        "interface", "prefixes[1]", "files[0]", "rir[0].countries[0]", "rir[0].source", "rir[1].countries", "refresh",
        "shrink_limit", "dns[0].servers[0]", "dns[0].domains[0]", "dns[1].servers", "mark",
    ])  # fmt: skip


def test_a_split_tunnel_through_which_nothing_goes_is_refused() -> None:
    assert wrong() == ["prefixes"]
    assert read_split_tunnel({"interface": "wg0", "mode": "except"}).routes
    assert not read_split_tunnel({"interface": "wg0", "dns": [{"servers": ["10.0.0.1"]}]}).routes
    assert not read_split_tunnel({"interface": "wg0", "state": "absent"}).present


def test_the_set_is_what_is_named_and_what_was_fetched() -> None:
    tunnel = read_split_tunnel({"interface": "wg0", "prefixes": ["10.0.0.0/9", "2001:db8::/32"]})
    found = whole_set(tunnel, [parse_prefix("10.128.0.0/9")])
    assert [str(prefix) for prefix in found] == ["10.0.0.0/8", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        (["10.0.0.0/24"], ["10.0.0.0/24"], 0),
        (["10.0.0.0/24"], ["10.0.0.0/23"], 0),
        (["10.0.0.0/24"], ["10.0.0.0/25"], 50),
        (["10.0.0.0/24"], [], 100),
        (["10.0.0.0/23"], ["10.0.0.0/24", "10.0.1.0/25", "10.0.1.128/26"], 13),
        (["10.0.0.0/24", "2001:db8::/32"], ["10.0.0.0/23"], 100),
        ([], ["10.0.0.0/8"], 0),
    ],
)
def test_a_set_shrinks_by_addresses_in_either_family(before: list[str], after: list[str], percent: int) -> None:
    assert shrinkage([parse_prefix(each) for each in before], [parse_prefix(each) for each in after]) == percent


KINDS = ("file", "route", "table")
KEYS = st.builds(PartKey, st.sampled_from(KINDS), st.sampled_from("abc"))
PARTS = st.dictionaries(KEYS, st.sampled_from("xy"), max_size=6)


@given(PARTS, PARTS)
def test_after_the_steps_exactly_the_desired_parts_stand(observed: Parts, desired: Parts) -> None:
    steps = plan_parts(observed, desired, KINDS)
    settled = dict(observed)
    for step in steps:
        if isinstance(step, PutPart):
            settled[step.key] = step.content
        else:
            del settled[step.key]
    assert settled == desired
    assert plan_parts(settled, desired, KINDS) == ()


def test_what_sends_packets_comes_last_and_goes_first() -> None:
    parts = {PartKey("table", "t"): "", PartKey("file", "f"): "", PartKey("route", "r"): ""}
    assert [step.key.kind for step in plan_parts({}, parts, KINDS)] == ["file", "route", "table"]
    gone = plan_parts(parts, {PartKey("file", "new"): ""}, KINDS)
    assert [(type(step), step.key.name) for step in gone] == [
        (DropPart, "t"), (DropPart, "r"), (DropPart, "f"), (PutPart, "new"),
    ]  # fmt: skip
