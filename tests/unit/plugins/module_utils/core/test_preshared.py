# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vectors are what libsodium's BLAKE2b makes of the documented construction."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.encoding import RawEncoder
from nacl.hash import blake2b

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import derive_preshared_key

SECRET = "correct horse battery staple"
NAMES = st.text(min_size=1, max_size=20).filter(lambda name: name.isprintable())

VECTORS: list[tuple[Any, str]] = [
    ((SECRET, "corp", ("office1", "office2"), 1), "fChh7dQ7jkq+coYnu8jwPElylXId6ZmDNrtqrA1SGaw="),
    ((SECRET, "corp", ("office1", "office2"), 2), "1x4YEU76BSoh7eNMlaqGS/dw0mCoBm33QPcxhSPd/v8="),
    ((SECRET, "corp", ("branch", "office1"), 1), "+f7NdJoUwiw1l0gtRnu8YeFvazL8d+TkTloj7B3i2F0="),
    (
        ("pässwörter sind lang genug" * 4, "netz_ä", ("Zürich", "zürich"), 2**31 - 1),
        "k7PYPb29cT5affEoD4brTRtSZKdVkIU1Fvu87MYZVsY=",
    ),
]


def by_libsodium(secret: str, network: str, pair: tuple[str, str], epoch: int) -> bytes:
    key = blake2b(secret.encode(), digest_size=64, person=b"wgfleet secret", encoder=RawEncoder)
    fields = [network.encode(), *sorted(end.encode() for end in pair), str(epoch).encode()]
    message = b"".join(struct.pack(">I", len(field)) + field for field in fields)
    result: bytes = blake2b(message, digest_size=32, key=key, person=b"wgfleet psk 1", encoder=RawEncoder)
    return result


@pytest.mark.parametrize(("arguments", "expected"), VECTORS)
def test_the_vectors_hold_for_ever(arguments: Any, expected: str) -> None:
    assert derive_preshared_key(*arguments).reveal() == expected


@given(st.text("abcä", min_size=16), NAMES, st.lists(NAMES, min_size=2, max_size=2, unique=True), st.integers(1, 99))
def test_another_implementation_of_the_construction_agrees(
    secret: str, network: str, ends: list[str], epoch: int
) -> None:
    pair = (ends[0], ends[1])
    key = derive_preshared_key(secret, network, pair, epoch)
    assert key.raw == by_libsodium(secret, network, pair, epoch)
    assert key == derive_preshared_key(secret, network, (ends[1], ends[0]), epoch), "the order of the ends"


def test_moving_a_letter_from_one_name_to_the_next_is_another_key() -> None:
    assert derive_preshared_key(SECRET, "ab", ("c", "d"), 1) != derive_preshared_key(SECRET, "a", ("bc", "d"), 1)


@pytest.mark.parametrize(
    ("secret", "network", "pair", "epoch"),
    [
        ("fifteen letters", "corp", ("a", "b"), 1),
        (" " * 20, "corp", ("a", "b"), 1),
        (SECRET, "", ("a", "b"), 1),
        (SECRET, "corp", ("a", ""), 1),
        (SECRET, "corp", ("a", "a"), 1),
        (SECRET, "corp", ("a", "b"), 0),
        (SECRET, "corp", ("a", "b"), 2**31),
    ],
)
def test_what_would_be_no_good_key_is_refused_and_the_secret_not_told(
    secret: str, network: str, pair: tuple[str, str], epoch: int
) -> None:
    with pytest.raises(InvalidValue) as caught:
        derive_preshared_key(secret, network, pair, epoch)
    assert secret not in str(caught.value)
