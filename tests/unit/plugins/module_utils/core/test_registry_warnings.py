# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the registry tells a person."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry_warnings import (
    expired_clients,
    replaced_networks,
    unknown_keys,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    found_keys,
    offices,
    settled,
)


def networks(*names: str) -> Declaration:
    """Give networks without members in common."""
    endpoints = {name: f"192.0.2.{number + 1}" for number, name in enumerate(sorted(names))}
    return parse_declaration(
        {
            name: {"pool": ["10.9.0.0/24"], "members": {name: {"endpoint": endpoint}}}
            for name, endpoint in endpoints.items()
        }
    )


def departed(*names: str) -> Registry:
    """Give the registry of networks that have left."""
    return settle({}, settled(networks(*names))).registry


@pytest.mark.parametrize(
    ("declaration", "start", "said"),
    [
        (networks("corp"), {}, ()),
        (networks("corp"), settled(networks("corp")), ()),
        (networks("corp", "lab"), settled(networks("corp")), ()),
        (networks("corp"), settled(networks("corp", "lab")), ()),
        (networks("main"), departed("corp"), ()),
        (networks("main"), settled(networks("corp")), ("network corp leaves", "network main is new")),
        (networks("corp", "new"), settled(networks("corp", "old")), ("network old leaves", "network new is new")),
    ],
)
def test_a_network_in_whose_place_another_comes_is_told(
    declaration: Declaration, start: Registry, said: tuple[str, ...]
) -> None:
    told = replaced_networks(declaration, start)
    assert bool(told) == bool(said)
    assert [sentence for sentence in said if sentence not in told[0]] == []


@pytest.mark.parametrize(
    ("expires", "is_over"), [(None, False), ("2027-01-31", False), ("2027-01-30", True), ("2020-02-29", True)]
)
def test_a_client_is_told_when_its_last_day_is_over(expires: str | None, is_over: bool) -> None:
    client = {"via": ["office1"], **({"expires": expires} if expires else {})}
    told = expired_clients(parse_declaration(offices(("clients.alice", client))), Day(2027, 1, 31))
    sentence = f"wireguard_networks.corp.clients.alice: expired on {expires}, and is no peer any more of the hosts"
    assert [each.startswith(sentence) for each in told] == ([True] if is_over else [])


@pytest.mark.parametrize(
    ("down", "failed", "advice"),
    [
        ((), (), ""),
        (("branch",), (), "Run once without a limit"),
        (("branch",), ("branch",), "branch has failed in this run: mend that and run again"),
        (
            ("office2", "branch"),
            ("office2", "branch"),
            "office2 and branch have failed in this run: mend that and run again",
        ),
        (
            ("office2", "branch"),
            ("office2",),
            "office2 has failed in this run: mend that and run again. Run once without a limit",
        ),
    ],
)
def test_whose_key_nobody_knows_is_told_with_what_makes_it_known(
    down: tuple[str, ...], failed: tuple[str, ...], advice: str
) -> None:
    declaration = parse_declaration(offices())
    found = {host: keys for host, keys in found_keys(declaration).items() if host not in down}
    told = unknown_keys(declaration, settle(declaration, {}, found).registry, failed)
    left_out = "It is left out as a peer." if len(down) == 1 else "They are left out as peers."
    begin, end = (
        f"no public key is known of {', '.join(down)}. {left_out} ",
        f"known to be out are removed in this run. {advice}",
    )
    assert [(begin in sentence, sentence.endswith(end)) for sentence in told] == [(True, True)] * bool(down)


def test_a_member_that_has_left_needs_no_key() -> None:
    before = parse_declaration(offices())
    registry = settle(
        before, {}, {host: keys for host, keys in found_keys(before).items() if host != "branch"}
    ).registry
    after = parse_declaration(offices(("members.branch", None)))
    assert unknown_keys(after, settle(after, registry).registry, ()) == []
