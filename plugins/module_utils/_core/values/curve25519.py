# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public half of a Curve25519 key pair, for a target that has neither a kernel nor a library that would compute it.

Rules of this file: pure; the Montgomery ladder of RFC 7748, section 5, on Python's integers. Python's integers take a
time that depends on their value, so this is for the owner of the key on its own host, not for a service.
"""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey, clamp

_PRIME = 2**255 - 19
_A24 = 121665
_BASE_POINT = 9


def public_key_of(private_key: PrivateKey) -> PublicKey:
    """Compute X25519(private key, 9), which takes about a millisecond."""
    scalar = int.from_bytes(clamp(private_key.raw).raw, "little")
    x2, z2, x3, z3, swapped = 1, 0, _BASE_POINT, 1, 0
    for position in range(254, -1, -1):
        bit = scalar >> position & 1
        if bit != swapped:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swapped = bit
        plus2, minus2, plus3, minus3 = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        square_plus, square_minus = plus2 * plus2 % _PRIME, minus2 * minus2 % _PRIME
        cross_minus, cross_plus = minus3 * plus2 % _PRIME, plus3 * minus2 % _PRIME
        x3, z3 = (cross_minus + cross_plus) ** 2 % _PRIME, _BASE_POINT * (cross_minus - cross_plus) ** 2 % _PRIME
        difference = square_plus - square_minus
        x2, z2 = square_plus * square_minus % _PRIME, difference * (square_plus + _A24 * difference) % _PRIME
    if swapped:
        x2, z2 = x3, z3
    return PublicKey((x2 * pow(z2, _PRIME - 2, _PRIME) % _PRIME).to_bytes(32, "little"))
