# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steps make of an observed state.

Rules of this file: pure. `apply_steps` is the meaning of steps, and every backend's `apply` must have the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Unset, given
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    DEFAULT_MTU,
    RUNNING,
    File,
    Interface,
    Peer,
    Properties,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import changed
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    PEER_STEPS,
    AddAddress,
    AddDetour,
    AddRoute,
    AddRule,
    CreateInterface,
    DisplaceRoute,
    RecordRedirection,
    RemoveAddress,
    RemoveDetour,
    RemoveFile,
    RemoveInterface,
    RemoveKeylessPeers,
    RemovePeer,
    RemoveRoute,
    RemoveRule,
    RestoreRoute,
    SetDevice,
    SetKillSwitch,
    SetLink,
    SetPeer,
    Step,
    TurnSwitch,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import InterfaceAddress, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey


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
    holders: dict[Prefix, list[PublicKey]] = {}  # some devices keep a prefix in the lists of several peers
    for key, peer in peers.items():
        for prefix in peer.allowed_ips:
            holders.setdefault(prefix, []).append(key)
    for step in steps:
        if isinstance(step, RemovePeer):
            peers.pop(step.public_key, None)
            continue
        peers[step.public_key] = _changed(peers.get(step.public_key, Peer(step.public_key)), step)
        for prefix in step.add_allowed_ips:
            for key in holders.get(prefix, ()):
                if key != step.public_key and key in peers:
                    peers[key] = peers[key]._replace(allowed_ips=peers[key].allowed_ips - {prefix})
            holders[prefix] = [step.public_key]
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
    routes, idle = (interface.routes, interface.idle_routes) if up else (frozenset(), frozenset())
    properties = interface.properties if isinstance(step.up, Unset) else _without_running(interface.properties)
    mtu = given(step.mtu, interface.mtu)
    return replace(interface, mtu=mtu, up=up, routes=routes, idle_routes=idle, properties=properties)


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


def _placed(interface: Interface, kept: str, thing: InterfaceAddress | Route, stands: bool) -> Interface:
    """Give the interface with an address or a route, or without it: either way, nothing of it is left idle."""
    idle = f"idle_{kept}"
    others = getattr(interface, kept) - {thing}
    stay = others | {thing} if stands else others
    return replace(interface, **{kept: stay, idle: getattr(interface, idle) - {thing}})


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
    AddAddress: lambda interface, step: _placed(interface, "addresses", step.address, stands=True),
    RemoveAddress: lambda interface, step: _placed(interface, "addresses", step.address, stands=False),
    RemoveKeylessPeers: lambda interface, step: replace(interface, keyless_peers=0),
    AddRoute: lambda interface, step: _placed(interface, "routes", step.route, stands=True),
    RemoveRoute: lambda interface, step: _placed(interface, "routes", step.route, stands=False),
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
