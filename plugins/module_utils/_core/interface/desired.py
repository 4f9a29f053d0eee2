# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shall be: the desired state of one interface, partial by nature.

Rules of this file: UNSET means "leave alone" and differs from every value, also from an empty one. None, where a type
allows it, is an explicit "there shall be none". Peers that are not mentioned stay, unless `purge_peers`. Addresses,
routes, rules and a peer's allowed IPs are complete lists once they are set.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, TypeVar, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Properties,
    Redirection,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
)


class Unset(enum.Enum):
    """The type of UNSET."""

    UNSET = "unset"


UNSET = Unset.UNSET

T = TypeVar("T")
Partial = Union[Unset, T]


class DesiredPeer(NamedTuple):
    """What shall hold of one peer."""

    public_key: PublicKey
    present: bool = True
    preshared_key: Partial[PresharedKey | None] = UNSET
    endpoint: Partial[Endpoint | None] = UNSET
    allowed_ips: Partial[frozenset[Prefix]] = UNSET
    persistent_keepalive: Partial[int] = UNSET
    name: Partial[str] = UNSET
    properties: Properties = frozenset()  # those that are not named are left alone


class DefaultRoute(NamedTuple):
    """How the host's default traffic shall go through the interface. `method` none is an explicit "not at all"."""

    method: str
    versions: Partial[frozenset[int]] = UNSET  # unset: those of which a peer carries the default prefix
    table: int = 51820
    kill_switch: bool = False
    keep: frozenset[Prefix] = frozenset()  # goes the old way


@dataclass(frozen=True)
class DesiredInterface:
    """What shall hold of one interface."""

    name: str
    present: bool = True
    private_key: Partial[PrivateKey] = UNSET
    listen_port: Partial[int] = UNSET
    fwmark: Partial[int] = UNSET
    mtu: Partial[int] = UNSET
    up: Partial[bool] = UNSET
    start: bool = True  # whether a new interface is up where `up` is unset
    addresses: Partial[frozenset[InterfaceAddress]] = UNSET
    routes: Partial[frozenset[Route]] = UNSET
    rules: Partial[frozenset[Rule]] = UNSET
    peers: tuple[DesiredPeer, ...] = ()
    purge_peers: bool = False
    persist: Partial[str] = UNSET
    properties: Properties = frozenset()  # those that are not named are left alone
    ignore_unknown_properties: bool = False  # of peers: what the device does not know of is left out, not refused
    default_route: Partial[DefaultRoute] = UNSET
    redirection: Partial[Redirection] = UNSET  # what the backend, which knows the host, has made of the default route


def given(value: Partial[T], otherwise: T) -> T:
    """Give the value, or, where it is unset, the other one."""
    return otherwise if isinstance(value, Unset) else value
