# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys as types: a public key prints, a secret never does.

Rules of this file: a secret's bytes leave it only through `reveal()` and `raw`; no error message repeats the text that
could not be decoded, because it may be a secret. Keys are 32 bytes, in text base64 with padding (wg(8), "key").
"""

from __future__ import annotations

import binascii
import hmac
import re
from typing import TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue

KEY_BYTES = 32
_STAND_IN = binascii.a2b_base64("MadeInTheRun")
_LOOKS_LIKE_KEY = re.compile(r"[A-Za-z0-9+/]{42,43}=?")

Key = TypeVar("Key", "PublicKey", "PrivateKey", "PresharedKey")


class PublicKey:
    """Half of a key pair that everyone may know; the identity of a peer on its interface."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def __str__(self) -> str:
        return binascii.b2a_base64(self.raw, newline=False).decode("ascii")

    def __repr__(self) -> str:
        return f"PublicKey('{self}')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.raw == other.raw

    def __lt__(self, other: PublicKey) -> bool:
        return self.raw < other.raw

    def __hash__(self) -> int:
        return hash(self.raw)


class Secret:
    """Bytes that must not be seen. Equal in constant time, hidden in every textual form, refused by pickle."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def reveal(self) -> str:
        """Give the base64 text. Only codecs and file renderers call this."""
        return binascii.b2a_base64(self.raw, newline=False).decode("ascii")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hmac.compare_digest(self.raw, other.raw)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.raw))

    def __reduce__(self) -> str:
        raise TypeError(f"{type(self).__name__} is not to be serialised")


class PrivateKey(Secret):
    """Half of a key pair that stays on the device which uses it."""

    __slots__ = ()


class PresharedKey(Secret):
    """A symmetric key that two peers share in addition to their pairs."""

    __slots__ = ()


class SecretText(Secret):
    """Text that contains a secret, such as the content of a configuration file; `raw` is its UTF-8 form."""

    __slots__ = ()

    def reveal(self) -> str:
        """Give the text itself."""
        return self.raw.decode("utf-8")


def decode_key(text: str, kind: type[Key]) -> Key:
    """Decode base64 text into a key. Raises InvalidValue, which does not repeat the text."""
    try:
        raw = binascii.a2b_base64(text.strip().encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidValue("is no key: it is not valid base64") from None
    if len(raw) != KEY_BYTES:
        raise InvalidValue(f"is no key: {len(raw)} bytes instead of {KEY_BYTES}")
    if binascii.b2a_base64(raw, newline=False).decode("ascii") != text.strip():
        raise InvalidValue("is no key: it is not valid base64")
    return kind(raw)


def without_keys(text: str) -> str:
    """Hide whatever looks like a key: it may be a secret in the wrong place."""
    return _LOOKS_LIKE_KEY.sub("(hidden)", text)


def stand_in(raw: bytes) -> PublicKey:
    """Give what stands for a public key that only a run will make: it belongs to nobody, and its text says what it is.

    Of the bytes, as many as fit tell one from the other.
    """
    return PublicKey((_STAND_IN + raw)[:KEY_BYTES])


def clamp(raw: bytes) -> PrivateKey:
    """Make a Curve25519 private key of 32 random bytes (RFC 7748, section 5)."""
    head, tail = raw[0] & 248, (raw[31] & 127) | 64
    return PrivateKey(bytes([head]) + raw[1:31] + bytes([tail]))
