# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is everything, in an address family and for a member.

Rules of this file: pure; what a gateway lets out is what its network has addresses for.
"""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    Gateway,
    Member,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES, Prefix

EVERYTHING = {4: Prefix(bytes(4), 0), 6: Prefix(bytes(16), 0)}


def families_let_out(network: Network, gateway: Gateway) -> tuple[str, ...]:
    """Give the families that a gateway lets out."""
    versions = {pool.version for pool in network.pools}
    return tuple(family for family in gateway.families if FAMILIES[family] in versions)


def default_families(network: Network, member: Member) -> tuple[str, ...]:
    """Give the families in which a member reaches the internet through a gateway of its network."""
    gateway = None if member.gateway is None else network.gateways.get(member.gateway.via)
    return () if gateway is None else families_let_out(network, gateway)


def default_prefixes(network: Network, member: Member) -> tuple[Prefix, ...]:
    """Give the same as prefixes."""
    return tuple(EVERYTHING[FAMILIES[family]] for family in default_families(network, member))
