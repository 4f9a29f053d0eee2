# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preshared keys of pairs, derived from one secret of the fleet.

Rules of this file: the construction below is fixed for ever, since two ends that disagree about it lose their link; a
change of it needs another PERSON. Both ends of a pair are equal, so their order does not count. No error repeats the
secret.

    key     = BLAKE2b-512(secret, person = "wgfleet secret")
    message = for each of network, lesser end, greater end, epoch: length in 4 bytes, big end first, then the UTF-8 text
    result  = BLAKE2b-256(message, key = key, person = "wgfleet psk 1")

The ends are ordered by their bytes, the epoch is its decimal text. BLAKE2b and its key: RFC 7693; its
personalisation: section 2.8 of the BLAKE2 paper. The secret is hashed first, since a key has 64 bytes at most.
"""

from __future__ import annotations

import hashlib
from typing import Iterable, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import PER_PAIR, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import KEY_BYTES, PresharedKey

SHORTEST_SECRET = 16  # characters
SECRET_PERSON = b"wgfleet secret"
PERSON = b"wgfleet psk 1"
GREATEST_EPOCH = 2**31 - 1
HOME = "in a vaulted file of group_vars/all"  # where the secret of a fleet belongs, for people


def derive_preshared_key(secret: str, network: str, pair: tuple[str, str], epoch: int) -> PresharedKey:
    """Give the key that two ends of a network share. Raises InvalidValue, which does not repeat the secret."""
    check_secret(secret)
    if not network or not all(pair) or pair[0] == pair[1]:
        raise InvalidValue("a preshared key is for two different ends of a network, each of which has a name")
    if not 1 <= epoch <= GREATEST_EPOCH:
        raise InvalidValue(f"the epoch must be a whole number from 1 to {GREATEST_EPOCH}, not '{epoch}'")
    key = hashlib.blake2b(secret.encode("utf-8"), person=SECRET_PERSON).digest()
    ends = sorted(end.encode("utf-8") for end in pair)
    message = _framed([network.encode("utf-8"), *ends, str(epoch).encode("ascii")])
    return PresharedKey(hashlib.blake2b(message, digest_size=KEY_BYTES, key=key, person=PERSON).digest())


def check_secret(secret: str) -> None:
    """Refuse a secret that could be guessed for its length alone. Raises InvalidValue."""
    if len(secret.strip()) < SHORTEST_SECRET:
        raise InvalidValue(
            f"the secret for preshared keys has less than {SHORTEST_SECRET} characters: take a random one,"
            " as of 'openssl rand -base64 32'"
        )


def secret_problems(network: Network, secret: str | None) -> Iterator[Problem]:
    """Find a network that has preshared keys and no secret to derive them of. With None, nobody asks for them."""
    if network.psk != PER_PAIR or secret is None:
        return
    place = network.place + ".psk"
    if not secret.strip():
        message = f"{PER_PAIR} needs the secret of which the keys are derived: set wireguard_psk_secret, {HOME}"
        yield Problem(place, message)
        return
    try:
        check_secret(secret)
    except InvalidValue as error:
        yield Problem(place, f"{error}, and set wireguard_psk_secret to it, {HOME}")


def _framed(fields: Iterable[bytes]) -> bytes:
    """Join fields so that no two lists of them give the same bytes."""
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
