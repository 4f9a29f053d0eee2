# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps from what is to what shall be.

Rules of this file: a step says completely what it does; what it means is told in `effects`. Steps arrive in the order
in which they are carried out. No step undoes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    Partial,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    KillSwitch,
    Properties,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
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


@dataclass(frozen=True)
class CreateInterface:
    """Make the interface: down, without key, addresses and peers."""

    name: str


@dataclass(frozen=True)
class RemoveInterface:
    """Remove the interface; the system removes its addresses, peers and routes with it."""

    name: str


@dataclass(frozen=True)
class SetDevice:
    """Set what WireGuard itself holds of an interface. `listen_port` 0 lets the system choose one."""

    private_key: Partial[PrivateKey] = UNSET
    listen_port: Partial[int] = UNSET
    fwmark: Partial[int] = UNSET
    properties: Properties = frozenset()


@dataclass(frozen=True)
class SetLink:
    """Set what the link layer holds of an interface. One that is not up has no routes."""

    mtu: Partial[int] = UNSET
    up: Partial[bool] = UNSET


@dataclass(frozen=True)
class AddAddress:
    """Put an address on the interface."""

    address: InterfaceAddress


@dataclass(frozen=True)
class RemoveAddress:
    """Take an address off the interface."""

    address: InterfaceAddress


@dataclass(frozen=True)
class SetPeer:
    """Add a peer (`create`) or change an existing one.

    `add_allowed_ips` join what the peer has, or replace it all with `replace_allowed_ips`. An added allowed IP leaves
    every peer that has it now, in the same instant. `endpoint` is only there when it shall be dialled anew.
    """

    public_key: PublicKey
    create: bool = False
    preshared_key: Partial[PresharedKey | None] = UNSET
    endpoint: Partial[Endpoint | None] = UNSET
    add_allowed_ips: frozenset[Prefix] = frozenset()
    replace_allowed_ips: bool = False
    persistent_keepalive: Partial[int] = UNSET
    name: Partial[str] = UNSET
    properties: Properties = frozenset()


@dataclass(frozen=True)
class RemovePeer:
    """Remove a peer."""

    public_key: PublicKey


@dataclass(frozen=True)
class RemoveKeylessPeers:
    """Remove all peers that have no public key by which they could be named."""

    count: int


@dataclass(frozen=True)
class AddRoute:
    """Add a route through the interface, with our mark."""

    route: Route


@dataclass(frozen=True)
class RemoveRoute:
    """Remove a route of ours."""

    route: Route


@dataclass(frozen=True)
class AddRule:
    """Add a policy rule, with our mark."""

    rule: Rule


@dataclass(frozen=True)
class RemoveRule:
    """Remove a policy rule of ours."""

    rule: Rule


@dataclass(frozen=True)
class RecordRedirection:
    """Write down what of a redirection is, or is about to be, ours on this host. An empty one leaves no record."""

    redirection: Redirection


@dataclass(frozen=True)
class AddDetour:
    """Add a route of ours that does not lead through the interface."""

    route: UplinkRoute


@dataclass(frozen=True)
class RemoveDetour:
    """Remove a route of ours that does not lead through the interface."""

    route: UplinkRoute


@dataclass(frozen=True)
class DisplaceRoute:
    """Take a default route of the host away. One of ours may have taken its place already."""

    route: UplinkRoute


@dataclass(frozen=True)
class RestoreRoute:
    """Put a default route of the host back, in the place of ours if need be."""

    route: UplinkRoute


@dataclass(frozen=True)
class TurnSwitch:
    """Turn a switch of the kernel on or off."""

    switch: str
    on: bool


@dataclass(frozen=True)
class SetKillSwitch:
    """Put the kill switch in force at once, in place of an earlier one, or take it away."""

    kill_switch: KillSwitch | None


@dataclass(frozen=True)
class WriteFile:
    """Replace a file atomically. `keep_as` names where a file that is not ours is kept."""

    path: str
    file: File
    keep_as: str = ""


@dataclass(frozen=True)
class RemoveFile:
    """Remove a file of ours."""

    path: str


FileStep = Union[WriteFile, RemoveFile]
Step = Union[
    CreateInterface,
    RemoveInterface,
    SetDevice,
    SetLink,
    AddAddress,
    RemoveAddress,
    SetPeer,
    RemovePeer,
    RemoveKeylessPeers,
    AddRoute,
    RemoveRoute,
    AddRule,
    RemoveRule,
    RecordRedirection,
    AddDetour,
    RemoveDetour,
    DisplaceRoute,
    RestoreRoute,
    TurnSwitch,
    SetKillSwitch,
    FileStep,
]
PEER_STEPS = (SetPeer, RemovePeer)
FILE_STEPS = (WriteFile, RemoveFile)
