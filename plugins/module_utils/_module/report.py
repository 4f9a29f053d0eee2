# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says: steps, states and differences as plain data without secrets.

Rules of this file: a secret is shown as `(hidden)`; in a difference it shows that it changes, never what it is. Only
what a step touches is rendered: a host can have tens of thousands of peers.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Iterable, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.desired import Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import PublicKey, Secret
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import (
    File,
    Hidden,
    Interface,
    Peer,
    Properties,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.steps import (
    PEER_STEPS,
    AddAddress,
    AddRoute,
    AddRule,
    CreateInterface,
    RemoveAddress,
    RemoveFile,
    RemoveInterface,
    RemoveRoute,
    RemoveRule,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
    WriteFile,
)

HIDDEN_TEXT = "(hidden)"
CHANGED_TEXT = "(hidden, changed)"


def plain(value: Any) -> Any:
    """Give a value as what JSON knows."""
    if isinstance(value, (Secret, Hidden)):
        return HIDDEN_TEXT
    if isinstance(value, (Prefix, InterfaceAddress, Endpoint, PublicKey)):
        return str(value)
    if isinstance(value, (Route, Rule)):
        return {name: plain(item) for name, item in value._asdict().items() if item is not None}
    if isinstance(value, frozenset):
        return [plain(item) for item in sorted(value, key=_order)]
    return "" if value is None else value


def _order(value: Any) -> Any:
    return repr(value) if isinstance(value, Rule) else value  # fields of rules may be None


def describe(step: Step, peers: Interface) -> dict[str, Any]:
    """Give a step as a dictionary: `do`, and what it does it to. `peers` knows the labels."""
    words: dict[str, Any] = {"do": re.sub(r"(?<!^)(?=[A-Z])", "_", type(step).__name__).lower()}
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        if field.name == "properties":
            words.update(property_words(value))
            continue
        if isinstance(value, (Unset, File)) or value is False or value == frozenset() or value == "":
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
    SetDevice: ("listen_port", "fwmark"),
    SetLink: ("mtu", "enabled"),
    AddAddress: ("addresses",),
    RemoveAddress: ("addresses",),
    AddRoute: ("routes",),
    RemoveRoute: ("routes",),
}


def difference(before: Interface, after: Interface, steps: Sequence[Step]) -> dict[str, dict[str, Any]]:
    """Give `before` and `after` of all that the steps touch."""
    words = [interface_words(before), interface_words(after)]
    touched = {section for step in steps for section in _SECTIONS.get(type(step), ())}
    touched |= {each.name for step in steps if isinstance(step, SetDevice) for each in step.properties}
    sides = [{name: side[name] for name in side if name in touched} for side in words]
    if any(isinstance(step, SetDevice) and not isinstance(step.private_key, Unset) for step in steps):
        sides[0]["private_key"] = HIDDEN_TEXT if before.private_key is not None else ""
        sides[1]["private_key"] = CHANGED_TEXT
    for side, interface in zip(sides, (before, after)):
        side.update(_touched_peers(interface, steps, marks_change=interface is after))
        side.update(_touched_files(interface, steps, marks_change=interface is after))
        if any(isinstance(step, (AddRule, RemoveRule)) for step in steps):
            side["rules"] = plain(interface.rules)
    return {"before": sides[0], "after": sides[1]}


def _touched_peers(interface: Interface, steps: Iterable[Step], marks_change: bool) -> dict[str, Any]:
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
        shown[str(step.public_key)] = words
    return {"peers": shown} if any(isinstance(step, PEER_STEPS) for step in steps) else {}


def _touched_files(interface: Interface, steps: Iterable[Step], marks_change: bool) -> dict[str, Any]:
    touched = [step for step in steps if isinstance(step, (WriteFile, RemoveFile))]
    shown = {
        step.path: CHANGED_TEXT if marks_change else HIDDEN_TEXT for step in touched if step.path in interface.files
    }
    return {"files": shown} if touched else {}
