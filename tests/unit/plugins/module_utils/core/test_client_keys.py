# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which private key a client's file gets."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey, choose_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Client
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import derive

KEPT, MADE, DECLARED = (PrivateKey(bytes([number]) * 32) for number in range(3))


def chosen(kept: PrivateKey | None = None, pinned: PublicKey | None = None, **declared: Any) -> ClientKey:
    client = Client("alice", ("office1",))._replace(**declared)
    return choose_key(client, kept, pinned, derive, lambda: MADE, "corp/alice/private.key")


def test_a_key_is_made_where_there_is_none() -> None:
    assert chosen() == ClientKey(derive(MADE), MADE)


def test_a_kept_key_stays() -> None:
    assert chosen(KEPT) == ClientKey(derive(KEPT), KEPT)
    assert chosen(KEPT, derive(KEPT)) == ClientKey(derive(KEPT), KEPT)


def test_a_declared_private_key_takes_the_place_of_a_kept_one() -> None:
    assert chosen(KEPT, derive(KEPT), private_key=DECLARED) == ClientKey(derive(DECLARED), DECLARED)


def test_who_declares_a_public_key_has_the_private_one() -> None:
    assert chosen(public_key=derive(DECLARED)) == ClientKey(derive(DECLARED))
    assert chosen(KEPT, derive(KEPT), public_key=derive(DECLARED)) == ClientKey(derive(DECLARED))


def test_a_kept_key_is_not_thrown_away_because_its_public_half_is_declared() -> None:
    assert chosen(KEPT, public_key=derive(KEPT)) == ClientKey(derive(KEPT), KEPT)


def test_a_lost_key_is_not_replaced_by_one_that_no_server_knows() -> None:
    key = chosen(None, derive(KEPT))
    assert (key.public_key, key.private_key) == (None, None)
    assert "corp/alice/private.key" in key.problem


@pytest.mark.parametrize("pinned", [derive(DECLARED)])
def test_a_kept_key_that_is_not_the_pinned_one_is_reported_and_kept(pinned: PublicKey) -> None:
    key = chosen(KEPT, pinned)
    assert (key.public_key, key.private_key) == (derive(KEPT), KEPT)
    assert "another public key pinned" in key.problem
