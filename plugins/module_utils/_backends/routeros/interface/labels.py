# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of peers that a router chose by itself: `peer1`, `peer2`, and so on.

Rules of this file: no input or output. Such a name is a name like any other, for somebody may have wanted it; only
where a peer shall have none, it is as good as none, because a router lets no peer be without.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Collection

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import NAMED_PEERS, Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET, DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

_CHOSEN = re.compile(r"peer[0-9]+")


def nameless_peers(desired: DesiredInterface, release: Release) -> frozenset[PublicKey]:
    """Give the peers that shall have no name, where routers choose one."""
    if release < NAMED_PEERS:
        return frozenset()
    return frozenset(peer.public_key for peer in desired.peers if peer.name == "")


def without_chosen_names(observed: Interface, nameless: Collection[PublicKey]) -> Interface:
    """Give the interface in which peers that shall have no name have none, where the router chose it."""
    named = {key: peer for key, peer in observed.peers.items() if key in nameless and _CHOSEN.fullmatch(peer.name)}
    if not named:
        return observed
    return replace(observed, peers={**observed.peers, **{key: peer._replace(name="") for key, peer in named.items()}})


def with_chosen_names(desired: DesiredInterface, observed: Interface) -> DesiredInterface:
    """Leave the names alone that the router chose for peers that shall have none."""
    chosen = {key for key, peer in observed.peers.items() if _CHOSEN.fullmatch(peer.name)}
    peers = (
        peer._replace(name=UNSET) if peer.name == "" and peer.public_key in chosen else peer for peer in desired.peers
    )
    return replace(desired, peers=tuple(peers))
