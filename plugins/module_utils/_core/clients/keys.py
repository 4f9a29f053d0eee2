# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose private key a client's file gets: the one that was declared, the one that is kept, or a new one.

Rules of this file: pure. A key that is kept is never replaced by a new one. No new key is made where one is pinned,
since the servers know that one: it is lost, and people have to decide. Who declares a public key has the private one.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Client, Derive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey

LOST = (
    "its private key is not in {place}, and the registry has its public key pinned: bring the file back, or remove the"
    " client's public_key from the registry to give it a new key"
)
DIFFERS = (
    "the registry has another public key pinned than that of {place}: if the kept key is the right one, remove the"
    " client's public_key from the registry and run again"
)


class ClientKey(NamedTuple):
    """A client's pair as far as it is known, and what is wrong with it."""

    public_key: PublicKey | None
    private_key: PrivateKey | None = None
    problem: str = ""


def choose_key(
    client: Client,
    kept: PrivateKey | None,
    pinned: PublicKey | None,
    derive: Derive,
    make: Callable[[], PrivateKey],
    place: str,
) -> ClientKey:
    """Give the pair of a client. `place` is that of the kept key, for people."""
    if client.private_key is not None:
        return ClientKey(derive(client.private_key), client.private_key)
    own = None if kept is None else derive(kept)
    if client.public_key is not None:
        return ClientKey(client.public_key, kept if own == client.public_key else None)
    if kept is None and pinned is not None:
        return ClientKey(None, None, LOST.format(place=place))
    if own is not None and pinned not in (None, own):
        return ClientKey(own, kept, DIFFERS.format(place=place))
    private_key = kept or make()
    return ClientKey(own or derive(private_key), private_key)
