# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says: steps, states and differences as plain data without secrets.

Rules of this file: a secret is shown as `(hidden)`; in a difference it shows that it changes, never what it is. Only
what a step touches is rendered: a host can have tens of thousands of peers.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    Hidden,
    Interface,
    KillSwitch,
    Peer,
    Properties,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FILE_STEPS,
    PEER_STEPS,
    AddAddress,
    AddDetour,
    AddRoute,
    AddRule,
    CreateInterface,
    DisplaceRoute,
    RemoveAddress,
    RemoveDetour,
    RemoveInterface,
    RemoveKeylessPeers,
    RemoveRoute,
    RemoveRule,
    RestoreRoute,
    SetDevice,
    SetKillSwitch,
    SetLink,
    SetPeer,
    Step,
    TurnSwitch,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.class_words import word_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey, Secret

HIDDEN_TEXT = "(hidden)"
CHANGED_TEXT = "(hidden, changed)"


def plain(value: Any) -> Any:
    """Give a value as what JSON knows."""
    if isinstance(value, (Secret, Hidden)):
        return HIDDEN_TEXT
    if isinstance(value, (Prefix, InterfaceAddress, Endpoint, PublicKey)):
        return str(value)
    if isinstance(value, (Route, Rule, UplinkRoute, KillSwitch)):
        return {name: plain(item) for name, item in value._asdict().items() if item is not None}
    if isinstance(value, frozenset):
        return [plain(item) for item in sorted(value, key=_order)]
    return "" if value is None else value


def _order(value: Any) -> Any:
    return repr(value) if isinstance(value, Rule) else value  # fields of rules may be None


def describe(step: Step, peers: Interface) -> dict[str, Any]:
    """Give a step as a dictionary: `do`, and what it does it to. `peers` knows the labels."""
    words: dict[str, Any] = {"do": word_of(type(step))}
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        if field.name == "properties":
            words.update(property_words(value))
            continue
        if isinstance(value, (Unset, File, Redirection)) or value is False or value == frozenset() or value == "":
            continue
        words[field.name] = plain(value)
    if isinstance(step, PEER_STEPS):
        known = peers.peers.get(step.public_key)
        if known is not None and known.name:
            words["name"] = known.name
    return words


def property_words(properties: Properties) -> dict[str, Any]:
    """Give what only this kind of device keeps."""
    return {each.name: plain(each.value) for each in sorted(properties, key=lambda each: each.name)}


def redirection_words(interface: Interface) -> dict[str, Any]:
    """Give what of a redirection does not hang on the interface."""
    return {
        "detours": plain(interface.detours),
        "displaced": plain(interface.displaced),
        "switches": plain(interface.switches),
        "kill_switch": plain(interface.kill_switch),
    }


def interface_words(interface: Interface) -> dict[str, Any]:
    """Give an interface without its peers."""
    return {
        "name": interface.name,
        "exists": interface.exists,
        "implementation": interface.implementation,
        "public_key": plain(interface.public_key),
        "listen_port": interface.listen_port,
        "fwmark": interface.fwmark,
        "mtu": interface.mtu,
        "enabled": interface.up,
        "addresses": plain(interface.addresses),
        "routes": [str(route.destination) for route in sorted(interface.routes)],
        "persist": interface.persist,
        "peer_count": len(interface.peers),
        **property_words(interface.properties),
    }


def peer_words(peer: Peer) -> dict[str, Any]:
    """Give a peer with its statistics."""
    return {
        "public_key": str(peer.public_key),
        "name": peer.name,
        "preshared_key": HIDDEN_TEXT if peer.preshared_key is not None else "",
        "endpoint": plain(peer.endpoint),
        "current_endpoint": plain(peer.current_endpoint),
        "allowed_ips": plain(peer.allowed_ips),
        "persistent_keepalive": peer.persistent_keepalive,
        "last_handshake": int(peer.last_handshake),
        "rx_bytes": peer.rx_bytes,
        "tx_bytes": peer.tx_bytes,
        **property_words(peer.properties),
    }


_SECTIONS: dict[type, tuple[str, ...]] = {
    CreateInterface: ("exists",),
    RemoveInterface: ("exists", "addresses", "routes", "peer_count"),
    RemoveKeylessPeers: ("keyless_peers",),
    SetDevice: ("listen_port", "fwmark"),
    SetLink: ("mtu", "enabled"),
    AddAddress: ("addresses",),
    RemoveAddress: ("addresses",),
    AddRoute: ("routes",),
    RemoveRoute: ("routes",),
    AddDetour: ("detours",),
    RemoveDetour: ("detours",),
    DisplaceRoute: ("displaced",),
    RestoreRoute: ("displaced",),
    TurnSwitch: ("switches",),
    SetKillSwitch: ("kill_switch",),
}


def difference(before: Interface, after: Interface, steps: Sequence[Step]) -> dict[str, Any]:
    """Give `before` and `after` of all that the steps touch, each under the name of the interface."""
    words = [
        {**interface_words(side), **redirection_words(side), "keyless_peers": side.keyless_peers}
        for side in (before, after)
    ]
    touched = {section for step in steps for section in _SECTIONS.get(type(step), ())}
    touched |= {each.name for step in steps if isinstance(step, SetDevice) for each in step.properties}
    sides = [{name: side[name] for name in side if name in touched} for side in words]
    if any(isinstance(step, SetDevice) and not isinstance(step.private_key, Unset) for step in steps):
        sides[0]["private_key"] = HIDDEN_TEXT if before.private_key is not None else ""
        sides[1]["private_key"] = CHANGED_TEXT
    labels = {step.public_key: _label(step.public_key, after, before) for step in steps if isinstance(step, PEER_STEPS)}
    for side, interface in zip(sides, (before, after)):
        side.update(_touched_peers(interface, steps, labels, marks_change=interface is after))
        side.update(_touched_files(interface, steps, marks_change=interface is after))
        if any(isinstance(step, (AddRule, RemoveRule)) for step in steps):
            side["rules"] = plain(interface.rules)
    header = f"interface {after.name}"
    return {"before": sides[0], "after": sides[1], "before_header": header, "after_header": header}


def _label(key: PublicKey, *interfaces: Interface) -> str:
    """Give a peer's key, with the name that people know it by beside it. Both sides of a difference have the same."""
    names = (interface.peers[key].name for interface in interfaces if key in interface.peers)
    name = next(filter(None, names), "")
    return f"{key} ({name})" if name else str(key)


def _touched_peers(
    interface: Interface, steps: Iterable[Step], labels: Mapping[PublicKey, str], marks_change: bool
) -> dict[str, Any]:
    shown = {}
    for step in steps:
        if not isinstance(step, PEER_STEPS):
            continue
        peer = interface.peers.get(step.public_key)
        if peer is None:
            continue
        words = peer_words(peer)
        for statistic in ("current_endpoint", "last_handshake", "rx_bytes", "tx_bytes", "public_key"):
            del words[statistic]
        if marks_change and isinstance(step, SetPeer) and not isinstance(step.preshared_key, Unset):
            words["preshared_key"] = CHANGED_TEXT if step.preshared_key else ""
        if marks_change and isinstance(step, SetPeer):
            words.update({each.name: CHANGED_TEXT for each in step.properties if isinstance(each.value, Secret)})
        shown[labels[step.public_key]] = words
    return {"peers": shown} if any(isinstance(step, PEER_STEPS) for step in steps) else {}


def _touched_files(interface: Interface, steps: Iterable[Step], marks_change: bool) -> dict[str, Any]:
    touched = [step for step in steps if isinstance(step, FILE_STEPS)]
    shown = {
        step.path: CHANGED_TEXT if marks_change else HIDDEN_TEXT for step in touched if step.path in interface.files
    }
    return {"files": shown} if touched else {}
