# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps from what is to what shall be, and what each makes of an observed state.

Rules of this file: a step says completely what it does; `apply_steps` is the meaning of steps, and every backend's
`apply` must have the same. Steps arrive in the order in which they are carried out. No step undoes another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Iterable, Mapping, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    Partial,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    DEFAULT_MTU,
    RUNNING,
    File,
    Interface,
    KillSwitch,
    Peer,
    Properties,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import changed
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
    the peer that has it now, in the same instant. `endpoint` is only there when it shall be dialled anew.
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
    WriteFile,
    RemoveFile,
]


PEER_STEPS = (SetPeer, RemovePeer)


def apply_steps(interface: Interface, steps: Iterable[Step]) -> Interface:
    """Tell what the steps make of the interface. Pure; statistics and a chosen port stay as they are."""
    peer_steps: list[SetPeer | RemovePeer] = []
    for step in steps:
        if isinstance(step, PEER_STEPS):
            peer_steps.append(step)
        else:
            interface = _EFFECTS[type(step)](interface, step)
    if not interface.exists:  # of what is left over of an interface that is gone, peers are only removed
        peer_steps = [step for step in peer_steps if isinstance(step, RemovePeer)]
    if not peer_steps:
        return interface
    return replace(interface, peers=_apply_to_peers(interface.peers, peer_steps))


def _apply_to_peers(observed: Mapping[PublicKey, Peer], steps: Iterable[SetPeer | RemovePeer]) -> dict[PublicKey, Peer]:
    peers = dict(observed)
    owners = {prefix: key for key, peer in peers.items() for prefix in peer.allowed_ips}
    for step in steps:
        if isinstance(step, RemovePeer):
            peers.pop(step.public_key, None)
            continue
        peers[step.public_key] = _changed(peers.get(step.public_key, Peer(step.public_key)), step)
        for prefix in step.add_allowed_ips:
            owner = owners.get(prefix, step.public_key)
            owners[prefix] = step.public_key
            if owner != step.public_key and owner in peers:
                peers[owner] = peers[owner]._replace(allowed_ips=peers[owner].allowed_ips - {prefix})
    return peers


def _changed(peer: Peer, step: SetPeer) -> Peer:
    kept: frozenset[Prefix] = frozenset() if step.replace_allowed_ips else peer.allowed_ips
    return peer._replace(
        preshared_key=given(step.preshared_key, peer.preshared_key),
        endpoint=given(step.endpoint, peer.endpoint),
        allowed_ips=kept | step.add_allowed_ips,
        persistent_keepalive=given(step.persistent_keepalive, peer.persistent_keepalive),
        name=given(step.name, peer.name),
        properties=changed(peer.properties, step.properties) if step.properties else peer.properties,
    )


def _set_device(interface: Interface, step: SetDevice) -> Interface:
    same_port = isinstance(step.listen_port, Unset)
    known = interface.properties if same_port else _without_running(interface.properties)
    return replace(
        interface,
        private_key=given(step.private_key, interface.private_key),
        listen_port=given(step.listen_port, interface.listen_port) or interface.listen_port,
        fwmark=given(step.fwmark, interface.fwmark),
        properties=changed(known, step.properties),
    )


def _set_link(interface: Interface, step: SetLink) -> Interface:
    up = given(step.up, interface.up)
    routes = interface.routes if up else frozenset()
    properties = interface.properties if isinstance(step.up, Unset) else _without_running(interface.properties)
    return replace(interface, mtu=given(step.mtu, interface.mtu), up=up, routes=routes, properties=properties)


def _without_running(properties: Properties) -> Properties:
    """Whether an interface will run that is turned on, or gets another port, is known when it does."""
    return frozenset(each for each in properties if each.name != RUNNING)


def _files(interface: Interface, changed: Mapping[str, File | None]) -> Interface:
    merged = {**interface.files, **changed}
    return replace(interface, files={path: file for path, file in merged.items() if file is not None})


def _remove_interface(interface: Interface, _step: RemoveInterface) -> Interface:
    """Give what is left: what does not hang on the interface itself."""
    fields = ("files", "rules", "recorded", "detours", "displaced", "switches", "shared_switches", "kill_switch")
    return replace(absent(interface.name), **{field: getattr(interface, field) for field in fields})


def _record(interface: Interface, step: RecordRedirection) -> Interface:
    """What is no longer written down is no longer known to be ours."""
    recorded = step.redirection
    return replace(
        interface,
        recorded=recorded,
        detours=interface.detours & recorded.detours,
        displaced=interface.displaced & recorded.displaced,
        switches=interface.switches & recorded.switches,
        kill_switch=interface.kill_switch if recorded.kill_switch else None,
    )


def _turn(interface: Interface, step: TurnSwitch) -> Interface:
    changed_switch = frozenset({step.switch})
    switches = interface.switches | changed_switch if step.on else interface.switches - changed_switch
    return replace(interface, switches=switches)


_EFFECTS: dict[type[object], Callable[..., Interface]] = {
    CreateInterface: lambda interface, step: replace(interface, exists=True, mtu=DEFAULT_MTU),
    RemoveInterface: _remove_interface,
    SetDevice: _set_device,
    SetLink: _set_link,
    AddAddress: lambda interface, step: replace(interface, addresses=interface.addresses | {step.address}),
    RemoveAddress: lambda interface, step: replace(interface, addresses=interface.addresses - {step.address}),
    RemoveKeylessPeers: lambda interface, step: replace(interface, keyless_peers=0),
    AddRoute: lambda interface, step: replace(interface, routes=interface.routes | {step.route}),
    RemoveRoute: lambda interface, step: replace(interface, routes=interface.routes - {step.route}),
    AddRule: lambda interface, step: replace(interface, rules=interface.rules | {step.rule}),
    RemoveRule: lambda interface, step: replace(interface, rules=interface.rules - {step.rule}),
    RecordRedirection: _record,
    AddDetour: lambda interface, step: replace(interface, detours=interface.detours | {step.route}),
    RemoveDetour: lambda interface, step: replace(interface, detours=interface.detours - {step.route}),
    DisplaceRoute: lambda interface, step: replace(interface, displaced=interface.displaced | {step.route}),
    RestoreRoute: lambda interface, step: replace(interface, displaced=interface.displaced - {step.route}),
    TurnSwitch: _turn,
    SetKillSwitch: lambda interface, step: replace(interface, kill_switch=step.kill_switch),
    WriteFile: lambda interface, step: _files(interface, {step.path: step.file}),
    RemoveFile: lambda interface, step: _files(interface, {step.path: None}),
}
