# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of new links and of silent ones, from the counters and clocks of both ends."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_causes import link_causes
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_news import link_news
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import Findings, link_states
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Registry, parse_registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

NOW = 1_790_000_000.0
ONE, TWO = "one", "two"
DEAF = {"tx_bytes": 444, "rx_bytes": 0}
HEARD = {"tx_bytes": 92, "rx_bytes": 148}


def key(number: int) -> str:
    return str(PublicKey(bytes([number // 256, number % 256] + [7] * 30)))


def sites(*names: str, **options: Any) -> tuple[Declaration, Registry]:
    """A mesh of sites: number N (from 1) is dialled at 198.51.N.1."""
    members = {name: {"endpoint": f"198.{51 + number // 250}.{number % 250}.1"} for number, name in enumerate(names, 1)}
    for name, changes in options.items():
        members[name] = changes
    pinned = {name: {"addresses": [], "public_key": key(number)} for number, name in enumerate(names, 1)}
    return (
        parse_declaration({"corp": {"interface": "wg0", "pool": ["10.255.0.0/16"], "members": members}}),
        parse_registry({"version": 1, "networks": {"corp": {"members": pinned}}}),
    )


def told(*peers: dict[str, Any], **state: Any) -> dict[str, Any]:
    """What a host says of wg0."""
    return {"wg0": {"exists": True, "enabled": True, "peers": list(peers), **state}}


def peer(number: int, **counters: Any) -> dict[str, Any]:
    return {"public_key": key(number), "endpoint": f"198.51.{number}.1:51820", "last_handshake": 0, **counters}


def causes(
    first: dict[str, Any] | None,
    second: dict[str, Any] | None,
    clocks: Any = None,
    asked: frozenset[str] | None = None,
    psk: str = "none",
    /,
    **options: Any,
) -> list[str]:
    declaration, registry = sites(ONE, TWO, **options)
    declaration = {"corp": dataclasses.replace(declaration["corp"], psk=psk)}
    reports = {name: report for name, report in ((ONE, first), (TWO, second)) if report is not None}
    findings = Findings(reports, NOW, asked, clocks=clocks or {})
    return link_causes(declaration, registry, findings, link_states(declaration, registry, findings))


def test_of_a_link_that_is_up_nothing_is_said() -> None:
    fresh = {"last_handshake": NOW - 5, **HEARD}
    assert causes(told(peer(2, **fresh)), told(peer(1, **fresh))) == []


def test_the_way_that_is_silent_is_named_with_its_port() -> None:
    (sentence,) = causes(told(peer(2, **HEARD)), told(peer(1, **DEAF)))
    assert sentence.startswith("one -- two: nothing arrives from one at two, which has heard 0 of 92 bytes.")
    assert "UDP port 51820 at 198.51.2.1:51820 seems to be closed: look at the firewall of two" in sentence


def test_both_ways_may_be_silent() -> None:
    sentences = causes(told(peer(2, **DEAF)), told(peer(1, **DEAF)))
    assert ["from one at two" in each for each in sentences] == [True, False]
    assert "from two at one" in sentences[1]


def test_answers_that_do_not_come_back_through_nat_are_no_closed_port_of_who_cannot_be_dialled() -> None:
    (sentence,) = causes(told(peer(2, **DEAF)), told(peer(1, **HEARD)), one={"nat": True})
    assert "nothing arrives from two at one" in sentence
    assert "The way back seems to be closed" in sentence


def test_who_sends_nothing_is_asked_for_a_route_and_its_own_firewall() -> None:
    sentences = causes(told(peer(2)), told(peer(1, **DEAF)))
    assert any("one cannot send to 198.51.2.1:51820. Has it a route" in each for each in sentences)


def test_counters_of_better_times_do_not_count() -> None:
    worn = {"last_handshake": NOW - 4000, "tx_bytes": 90000, "rx_bytes": 80000}
    now = {"probe": {"answered_after": None, **DEAF}}
    heard = {"probe": {"answered_after": None, **HEARD}}
    (sentence,) = causes(told(peer(2, **worn, **heard)), told(peer(1, **worn, **now)))
    assert "nothing arrives from one at two" in sentence


def test_ends_that_hear_each_other_have_keys_that_differ() -> None:
    (sentence,) = causes(told(peer(2, **HEARD)), told(peer(1, **HEARD)), None, None, "per_pair")
    assert "preshared keys" in sentence


def test_no_key_is_suspected_where_none_is_declared() -> None:
    (sentence,) = causes(told(peer(2, **HEARD)), told(peer(1, **HEARD)))
    assert "both ends hear each other" in sentence
    assert "preshared" not in sentence


@pytest.mark.parametrize(
    ("counters", "asked", "options", "words"),
    [
        (HEARD, frozenset({ONE}), {}, "two was not asked: run without --limit"),
        (HEARD, frozenset({ONE, TWO}), {}, "two could not be reached"),
        ({}, frozenset({ONE}), {"two": {"nat": True}}, "two was not asked"),
        (
            HEARD,
            None,
            {"two": {"external": True, "public_key": key(2), "endpoint": "198.51.2.1"}},
            "two is not managed here",
        ),
    ],
)
def test_what_only_the_other_end_knows_is_not_guessed(
    counters: dict[str, Any], asked: frozenset[str] | None, options: dict[str, Any], words: str
) -> None:
    (sentence,) = causes(told(peer(2, **counters)), None, None, asked, "per_pair", **options)
    assert words in sentence
    assert "preshared" not in sentence


def test_ends_that_heard_nothing_are_not_said_to_hear_each_other() -> None:
    nat = {"nat": True, "keepalive": 0}
    sentences = causes(told(peer(2)), told(peer(1, rx_bytes=92)), None, None, "per_pair", two=nat)
    assert any("one heard nothing" in each for each in sentences)
    assert not any("preshared" in each for each in sentences)


def test_who_was_not_asked_is_not_accused() -> None:
    (sentence,) = causes(told(peer(2, **DEAF)), None)
    assert "two does not answer one, and was not asked itself" in sentence


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (told(), "on two it has no peer for one"),
        (told(peer(1), enabled=False), "on two the interface is not up"),
        ({}, "on two the interface is not up"),
    ],
)
def test_what_a_run_would_mend_is_left_to_a_run(report: dict[str, Any], words: str) -> None:
    (sentence,) = causes(told(peer(2, **DEAF)), report)
    assert words in sentence
    assert "site_to_site" in sentence


@pytest.mark.parametrize(("offset", "words"), [(-10800, "3 h behind"), (90000, "1 d ahead of"), (59, ""), (-60, "")])
def test_a_clock_that_differs_by_more_than_a_minute_is_told(offset: int, words: str) -> None:
    fresh = {"last_handshake": NOW - 5, **HEARD}
    sentences = causes(told(peer(2, **fresh)), told(peer(1, **fresh)), {TWO: offset})
    assert [f"two: its clock is {words} the controller's." in each for each in sentences] == ([True] if words else [])


def test_of_the_links_of_a_host_whose_clock_is_behind_nothing_is_guessed() -> None:
    (sentence,) = causes(told(peer(2, **HEARD)), told(peer(1, **DEAF)), {ONE: -10800})
    assert sentence.startswith("one: its clock is 3 h behind")
    assert len(causes(told(peer(2, **HEARD)), told(peer(1, **DEAF)), {ONE: 10800, TWO: -60})) == 2


def test_what_is_known_of_a_link_is_told_although_a_clock_is_behind() -> None:
    _clock, sentence = causes(told(peer(2, **HEARD)), told(), {ONE: -10800})
    assert sentence.startswith("one -- two: on two it has no peer for one")


def news(count: int, silent: int) -> list[str]:
    """The news of a mesh in which all hosts have probed the first one, and some got no answer."""
    names = [f"site{number}" for number in range(1, count + 1)]
    declaration, registry = sites(*names)
    reports = {}
    for place, name in enumerate(names[1:]):
        probe = {"answered_after": None if place < silent else place / 100, "rx_bytes": 0, "tx_bytes": 0}
        reports[name] = told({**peer(1), "probe": probe})
    found = link_news(declaration, registry, Findings(reports, NOW))
    assert found.silent == silent
    return found.lines


def test_each_link_is_a_line_in_the_order_of_the_declaration_and_the_count_is_last() -> None:
    assert news(4, silent=1) == [
        "site1 -- site2: silent", "site1 -- site3: up after 0.0 s", "site1 -- site4: up after 0.0 s",
        "2 of 3 new links are up, the last of them after 0.0 s",
    ]  # fmt: skip


def test_one_link_is_not_counted_and_of_silent_ones_none_is_the_last() -> None:
    assert news(2, silent=1) == ["site1 -- site2: silent"]
    assert news(3, silent=2)[-1] == "0 of 2 new links are up"
    assert news(3, silent=1)[-1] == "1 of 2 new links is up, the last of them after 0.0 s"


def test_the_end_that_waited_longer_says_when_a_link_is_up() -> None:
    declaration, registry = sites(ONE, TWO)
    ends = {
        name: told({**peer(far), "probe": {"answered_after": seconds, "rx_bytes": 0, "tx_bytes": 0}})
        for name, far, seconds in ((ONE, 2, 0.44), (TWO, 1, None))
    }
    assert link_news(declaration, registry, Findings(ends, NOW)).lines == ["one -- two: up after 0.4 s"]


def test_who_is_up_at_the_second_look_is_up_after_both() -> None:
    declaration, registry = sites(ONE, TWO)
    first = {("two", "wg0"): {key(1): {"probe": {"answered_after": None, "watched_for": 6.0}}}}
    silent = link_news(declaration, registry, Findings({}, NOW, probes=first))
    assert silent == (["one -- two: silent"], 1)
    then = {ONE: told({**peer(2), "probe": {"answered_after": 1.5, "watched_for": 1.5}})}
    assert link_news(declaration, registry, Findings(then, NOW, probes=first)) == (["one -- two: up after 7.5 s"], 0)
    late = {("two", "wg0"): {key(1): {"probe": {"answered_after": 0.25, "watched_for": 0.25}}}}
    assert link_news(declaration, registry, Findings(then, NOW, probes=late)).lines == ["one -- two: up after 0.2 s"]


def test_a_fleet_has_a_line_for_each_of_its_links_too() -> None:
    lines = news(301, silent=50)
    assert len(lines) == 300 + 1
    assert [line for line in lines[:50] if not line.endswith(": silent")] == []
    assert lines[-2:] == [
        "site1 -- site301: up after 3.0 s",
        "250 of 300 new links are up, the last of them after 3.0 s",
    ]
