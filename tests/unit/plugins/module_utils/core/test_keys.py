# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys are exactly 32 bytes of canonical base64."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    SecretText,
    clamp,
    decode_key,
)

RAW = bytes(range(32))
TEXT = base64.b64encode(RAW).decode()
NOT_BASE64 = "is no key: it is not valid base64"

raw_keys = st.binary(min_size=32, max_size=32)


@given(raw_keys)
def test_a_key_is_decoded_to_the_bytes_that_it_encodes(raw: bytes) -> None:
    text = base64.b64encode(raw).decode()
    assert str(decode_key(text, PublicKey)) == text
    assert decode_key(text, PrivateKey).reveal() == text
    assert decode_key(text, PresharedKey).raw == raw


@pytest.mark.parametrize("text", [f" {TEXT}", f"{TEXT}\n", f"\t{TEXT} \r\n"])
def test_white_space_around_a_key_does_not_count(text: str) -> None:
    assert decode_key(text, PublicKey) == PublicKey(RAW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no key: 0 bytes instead of 32"),
        (base64.b64encode(RAW[:31]).decode(), "is no key: 31 bytes instead of 32"),
        (base64.b64encode(RAW + b"\0").decode(), "is no key: 33 bytes instead of 32"),
        (TEXT * 2, NOT_BASE64),
        (TEXT[:-1], NOT_BASE64),
        (TEXT + "=", NOT_BASE64),
        (TEXT[:20] + "\n" + TEXT[20:], NOT_BASE64),
        (TEXT[:20] + " " + TEXT[20:], NOT_BASE64),
        (TEXT[:20] + "!" + TEXT[20:], NOT_BASE64),
        (TEXT[:-2] + "9=", NOT_BASE64),
        (base64.urlsafe_b64encode(b"\xff" * 32).decode(), NOT_BASE64),
        (RAW.hex(), "is no key: 48 bytes instead of 32"),
        ("ü" + TEXT[1:], NOT_BASE64),
        ("\0" + TEXT, NOT_BASE64),
    ],
)
@pytest.mark.parametrize("kind", [PublicKey, PrivateKey, PresharedKey])
def test_what_is_no_key_is_refused(text: str, message: str, kind: type[PublicKey]) -> None:
    with pytest.raises(InvalidValue) as caught:
        decode_key(text, kind)
    assert str(caught.value) == message


@given(st.text(alphabet=string.ascii_letters + string.digits + "+/=", min_size=12, max_size=60))
def test_any_other_text_is_refused_without_being_repeated(text: str) -> None:
    try:
        key = decode_key(text, PrivateKey)
    except InvalidValue as error:
        assert text not in str(error)
    else:
        assert key.reveal() == text


@pytest.mark.parametrize("kind", [PublicKey, PrivateKey, PresharedKey])
def test_keys_of_one_kind_and_value_are_one(kind: type[PublicKey]) -> None:
    assert kind(RAW) == kind(bytes(RAW))
    assert kind(RAW) != kind(RAW[::-1])
    assert len({kind(RAW), kind(bytes(RAW)), kind(RAW[::-1])}) == 2


def test_keys_of_different_kinds_are_never_equal() -> None:
    keys = [PublicKey(RAW), PrivateKey(RAW), PresharedKey(RAW), SecretText(RAW), RAW, TEXT]
    assert all(one != other for one in keys for other in keys if one is not other)


def test_public_keys_have_an_order_for_stable_output() -> None:
    low, high = PublicKey(b"\0" * 32), PublicKey(b"\1" * 32)
    assert sorted([high, low]) == [low, high]


def test_a_public_key_prints() -> None:
    assert (str(PublicKey(RAW)), repr(PublicKey(RAW))) == (TEXT, f"PublicKey('{TEXT}')")


@given(raw_keys)
def test_a_clamped_key_is_what_rfc_7748_says(raw: bytes) -> None:
    # RFC 7748, section 5, decodeScalar25519: as a little-endian number, a multiple of 8 from 2**254 to 2**255 - 8.
    number = int.from_bytes(clamp(raw).raw, "little")
    assert number % 8 == 0
    assert 2**254 <= number < 2**255
    kept = 2**254 - 8
    assert number & kept == int.from_bytes(raw, "little") & kept
    assert clamp(clamp(raw).raw) == clamp(raw)
