# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public half of a key, judged by libsodium."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey

libsodium = pytest.importorskip("nacl.bindings", reason="PyNaCl judges these keys")


@example(bytes(32))
@example(b"\xff" * 32)
@given(st.binary(min_size=32, max_size=32))
def test_a_public_key_is_the_one_that_libsodium_computes(raw: bytes) -> None:
    assert public_key_of(PrivateKey(raw)).raw == libsodium.crypto_scalarmult_base(raw)
