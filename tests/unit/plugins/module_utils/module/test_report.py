# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a difference says to people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer, absent
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetPeer,
    Step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import difference

ALICE, BOB = PublicKey(b"a" * 32), PublicKey(b"b" * 32)
BEFORE = replace(absent("wg0"), exists=True, peers={ALICE: Peer(ALICE, name="alice-phone"), BOB: Peer(BOB)})


def differing(*steps: Step) -> dict[str, Any]:
    after: Interface = apply_steps(BEFORE, steps)
    return difference(BEFORE, after, steps)


def test_a_difference_names_the_interface() -> None:
    said = differing(SetPeer(BOB, persistent_keepalive=25))
    assert (said["before_header"], said["after_header"]) == ("interface wg0", "interface wg0")


def test_a_peer_is_shown_by_its_key_and_its_name_if_it_has_one() -> None:
    said = differing(SetPeer(ALICE, persistent_keepalive=25), SetPeer(BOB, persistent_keepalive=25))
    assert said["before"]["peers"].keys() == said["after"]["peers"].keys() == {f"{ALICE} (alice-phone)", str(BOB)}


def test_a_peer_that_is_renamed_is_one_peer_on_both_sides() -> None:
    said = differing(SetPeer(ALICE, name="alice-tablet"))
    [(label, before)], [(same, after)] = said["before"]["peers"].items(), said["after"]["peers"].items()
    assert label == same == f"{ALICE} (alice-tablet)"
    assert (before["name"], after["name"]) == ("alice-phone", "alice-tablet")


def test_a_peer_that_goes_is_shown_by_its_name() -> None:
    assert differing(RemovePeer(ALICE))["before"]["peers"].keys() == {f"{ALICE} (alice-phone)"}
