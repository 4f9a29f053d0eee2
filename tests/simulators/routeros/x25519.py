# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public keys from private ones: RFC 7748, section 5. Not constant in time: for keys of tests only."""

from __future__ import annotations

import base64
import functools
import os

P = 2**255 - 19
A24 = 121665


def _multiply(scalar: int, u: int) -> int:
    """Montgomery ladder of RFC 7748."""
    x2, z2, x3, z3, swapped = 1, 0, u, 1, 0
    for bit in range(254, -1, -1):
        now = scalar >> bit & 1
        if swapped ^ now:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + A24 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return x2 * pow(z2, P - 2, P) % P


@functools.lru_cache(maxsize=20_000)
def public_key(private: str) -> str:
    """Give the public half of a private key, both in base64."""
    scalar = int.from_bytes(_clamped(base64.b64decode(private)), "little")
    return base64.b64encode(_multiply(scalar, 9).to_bytes(32, "little")).decode()


def _clamped(key: bytes) -> bytes:
    return bytes([key[0] & 248, *key[1:31], key[31] & 127 | 64])


def new_key() -> str:
    """Make a private key."""
    return base64.b64encode(_clamped(os.urandom(32))).decode()


def new_preshared_key() -> str:
    """Make a preshared key."""
    return base64.b64encode(os.urandom(32)).decode()
