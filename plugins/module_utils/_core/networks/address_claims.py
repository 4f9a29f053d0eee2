# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wants which addresses of a network's pools, who has them, and who gets them.

Rules of this file: nobody is moved from an address that a pool has for members; who is declared with an address gets it
or a problem; what someone who has left has pinned is given to nobody.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.addressing import (
    Allocator,
    is_usable,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Pinned
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import InterfaceAddress, Prefix

Addresses = Tuple[InterfaceAddress, ...]
_Holder = Tuple[str, str]  # members or clients, and the name

MEMBERS, CLIENTS = "members", "clients"


class _Claim(NamedTuple):
    """What one member or client wants of the pools, and what it has."""

    place: str
    present: bool = False
    wanted: Addresses | None = None  # None leaves all to the pool
    pinned: Addresses = ()


def settled_addresses(network: Network, pinned: Pinned, problems: list[Problem]) -> dict[_Holder, Addresses]:
    """Give the addresses of all who are declared. What cannot be had is a problem, and leaves what was pinned."""
    claims = _claims(network, pinned)
    staying = {holder: _staying(network, claim) for holder, claim in claims.items()}
    owners = {address.packed: holder for holder, addresses in staying.items() for address in addresses}
    declared = [address for claim in claims.values() for address in claim.wanted or ()]
    taken = [address for addresses in staying.values() for address in addresses]
    allocator = Allocator(network.pools, taken + declared)
    result = {}
    for holder, claim in claims.items():
        if not claim.present:
            continue
        wanted = claim.wanted or ()
        clashes = [address for address in wanted if owners.get(address.packed, holder) != holder]
        for address in clashes:
            owner = owners[address.packed]
            problems.append(_clash(claim, address, owner[1], left=not claims[owner].present))
        if clashes or claim.wanted == ():
            result[holder] = claim.pinned if clashes else ()
            continue
        result[holder], exhausted = allocator.complete(wanted + staying[holder])
        for pool in exhausted:
            message = f"{pool} has no free address left for {holder[1]}: {_more_room(pool)}"
            problems.append(Problem(network.place + ".pool", message))
    return result


def _more_room(pool: Prefix) -> str:
    return f"make it larger, as with {pool.network.supernet()}, in which all keep what they have"


def _claims(network: Network, pinned: Pinned) -> dict[_Holder, _Claim]:
    """Give the claims of all there are and were, the declared ones in their order, members first."""
    claims: dict[_Holder, _Claim] = {}
    for name, member in network.members.items():
        claims[MEMBERS, name] = _Claim(network.member_place(name), True, member.addresses)
    for name, client in network.clients.items():
        claims[CLIENTS, name] = _Claim(network.client_place(name), True, client.addresses)
    kept = {(MEMBERS, name): entry.addresses for name, entry in pinned.members.items()}
    kept.update({(CLIENTS, name): entry.addresses for name, entry in pinned.clients.items()})
    for holder, addresses in kept.items():
        claims[holder] = claims.get(holder, _Claim(""))._replace(pinned=addresses)
    return claims


def _staying(network: Network, claim: _Claim) -> Addresses:
    """Give the pinned addresses that stay: those that a pool still has for members, if no other was declared in it."""
    if not claim.present:
        return claim.pinned
    if claim.wanted == ():
        return ()
    wanted = claim.wanted or ()
    pools = [pool for pool in network.pools if not any(pool.contains(address.host) for address in wanted)]
    return tuple(
        address._replace(length=pool.length)
        for pool in pools
        for address in claim.pinned
        if pool.contains(address.host) and is_usable(address, pool)
    )


def _clash(claim: _Claim, address: InterfaceAddress, owner: str, left: bool) -> Problem:
    message = f"{address.ip} is pinned for {owner}"
    if left:
        message += ", which has left; remove its entry from the registry to free the address"
    return Problem(claim.place + ".address", message)
