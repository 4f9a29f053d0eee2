# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interface as files of systemd-networkd.

Rules of this file: the text is deterministic, and it brings up what the interface is; what systemd 252 (Debian 12)
cannot express is a PersistenceError. Facts are from systemd.netdev(5) and systemd.network(5). There is no word for the
protocol number of a policy rule, so that those which come from here bear that of networkd (`Routing.of_networkd`).
"""

from __future__ import annotations

from typing import Iterable, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED, ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    Peer,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PrivateKey


def render_netdev(interface: Interface) -> str:
    """Render the .netdev file: the device and its peers. Contains secrets. Raises PersistenceError."""
    if not isinstance(interface.private_key, PrivateKey):
        raise PersistenceError(
            f"systemd-networkd brings up no WireGuard interface without a private key, and {interface.name} has none"
        )
    device = ["PrivateKey=" + interface.private_key.reveal()]
    if interface.listen_port:
        device.append(f"ListenPort={interface.listen_port}")
    if interface.fwmark:
        device.append(f"FirewallMark={interface.fwmark}")
    peers = (_section("WireGuardPeer", _peer(interface.peers[key])) for key in sorted(interface.peers))
    return "\n".join(
        (
            MANAGED,
            _section("NetDev", ["Name=" + interface.name, "Kind=wireguard"]),
            _section("WireGuard", device),
            *peers,
        )
    )


def render_network(interface: Interface) -> str:
    """Render the .network file: addresses, routes and the state of the link. Raises PersistenceError."""
    if interface.detours or interface.displaced:
        raise PersistenceError(
            f"systemd-networkd keeps the routes beside a tunnel with other links, whose files are not ours, and "
            f"{interface.name} has such routes: use persist wg_quick, or a default_route by the method fwmark or rule"
        )
    link = ["RequiredForOnline=no"]
    if interface.mtu:
        link.append(f"MTUBytes={interface.mtu}")
    network = ["LinkLocalAddressing=no", "IPv6AcceptRA=no"]
    if not interface.up:
        link.append("ActivationPolicy=down")
        network.append("ConfigureWithoutCarrier=yes")
    network.extend(f"Address={address}" for address in sorted(interface.addresses))
    return "\n".join(
        (
            MANAGED,
            _section("Match", ["Name=" + interface.name]),
            _section("Link", link),
            _section("Network", network),
            *(_section("Route", _route(route)) for route in sorted(interface.routes)),
            *sorted(_section("RoutingPolicyRule", _rule(rule)) for rule in interface.rules),
        )
    )


def _section(name: str, lines: Iterable[str]) -> str:
    return "\n".join(("", f"[{name}]", *lines, ""))


def _peer(peer: Peer) -> Iterator[str]:
    yield f"PublicKey={peer.public_key}"
    if isinstance(peer.preshared_key, PresharedKey):
        yield "PresharedKey=" + peer.preshared_key.reveal()
    # One line each: systemd refuses lines over 1 MiB.
    yield from (f"AllowedIPs={prefix}" for prefix in sorted(peer.allowed_ips))
    if peer.endpoint:
        yield f"Endpoint={peer.endpoint}"
    if peer.persistent_keepalive:
        yield f"PersistentKeepalive={peer.persistent_keepalive}"


def _route(route: Route) -> Iterator[str]:
    yield f"Destination={route.destination}"
    yield f"Table={route.table}"
    if route.metric:
        yield f"Metric={route.metric}"
    yield f"Protocol={ROUTE_PROTOCOL}"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"Family=ipv{rule.version}"
    yield f"Priority={rule.priority}"
    yield f"Table={rule.table}"
    if rule.source:
        yield f"From={rule.source}"
    if rule.destination:
        yield f"To={rule.destination}"
    if rule.fwmark:
        yield f"FirewallMark={rule.fwmark}"
    if rule.invert:
        yield "InvertRule=yes"
    if rule.suppress_prefixlength is not None:
        yield f"SuppressPrefixLength={rule.suppress_prefixlength}"
