# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is desired, in the terms of one router.

Rules of this file: no input or output. Everything that this release does not know is refused at once, each with its
place, but for what was said to be welcome and no more; what means the same to RouterOS becomes the same value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Container, Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import UNSET_CLIENT_RANGE
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import (
    INTERFACE_FIELDS,
    NAMED_PEERS,
    PEER_FIELDS,
    Field,
    Release,
    first_release,
    known_fields,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
    Partial,
    Unset,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Properties, Property, Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

_LARGEST_DISTANCE = 255
_CLIENT_RANGE = "client_allowed_address"
_NO_CLIENT_RANGE = Property(_CLIENT_RANGE, frozenset({parse_prefix(UNSET_CLIENT_RANGE)}))


def adapt(desired: DesiredInterface, release: Release) -> DesiredInterface:
    """Give the desired state in the terms of a release. Raises InvalidInput for what it does not know."""
    if desired.ignore_unknown_properties:
        known = {each.option for each in known_fields(PEER_FIELDS, release)}
        desired = replace(desired, peers=tuple(_understood(peer, known) for peer in desired.peers))
    problems = [*_unknown("", desired.properties, INTERFACE_FIELDS, release), *_peer_problems(desired, release)]
    if not isinstance(desired.routes, Unset):
        for route in sorted(desired.routes):
            if route.metric > _LARGEST_DISTANCE:
                problems.append(Problem("route_metric", f"{route.metric} is more than a router knows: at most 255"))
                break
    if problems:
        raise InvalidInput(problems)
    peers = tuple(_with_client_range(peer) for peer in desired.peers)
    return replace(desired, routes=_routes(desired.routes), peers=peers)


def _with_client_range(peer: DesiredPeer) -> DesiredPeer:
    """Say the list that reads as one that was never set as such a one."""
    if _NO_CLIENT_RANGE not in peer.properties:
        return peer
    return peer._replace(properties=(peer.properties - {_NO_CLIENT_RANGE}) | {Property(_CLIENT_RANGE, frozenset())})


def _understood(peer: DesiredPeer, known: Container[str]) -> DesiredPeer:
    return peer._replace(properties=frozenset(each for each in peer.properties if each.name in known))


def _peer_problems(desired: DesiredInterface, release: Release) -> Iterator[Problem]:
    for index, peer in enumerate(desired.peers):
        if peer.properties:
            yield from _unknown(f"peers[{index}].", peer.properties, PEER_FIELDS, release)


def _unknown(place: str, properties: Properties, table: Sequence[Field], release: Release) -> Iterator[Problem]:
    known = {each.option for each in known_fields(table, release)}
    for name in sorted(each.name for each in properties if each.name not in known):
        hint = ", before which the comment holds the name" if name == "comment" and release < NAMED_PEERS else ""
        sentence = f"needs RouterOS {first_release(table, name)} or newer{hint}, and this router runs {release}"
        yield Problem(place + name, sentence)


def _routes(routes: Partial[frozenset[Route]]) -> Partial[frozenset[Route]]:
    if isinstance(routes, Unset):
        return UNSET
    return frozenset(route._replace(metric=0) if route.metric == 1 else route for route in routes)
