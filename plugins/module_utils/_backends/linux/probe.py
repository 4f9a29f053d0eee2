# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which WireGuard interfaces a host has, and whether their peers answer.

Rules of this file: it changes nothing. WireGuard is silent where there is no traffic, so the question whether a peer
answers needs a packet to it: one datagram to the discard port (RFC 863), which makes WireGuard renew its session.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_device import is_alive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import inside
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.preflight import obstacle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.rtnetlink import Rtnetlink
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.patience import Pace, keep_looking
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Watch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

# WireGuard paper, section 6.1: from then on, who began a session renews it with the next packet, which until it is over
# (REJECT_AFTER) need not lead to a handshake, so that none is waited for.
_REKEY_AFTER = 120  # seconds
_DISCARD = 9
_POLL = 0.25  # seconds
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
# For a peer that is allowed everything: the first addresses of 0.0.0.0/0 and ::/0 are no destinations (RFC 5737, 3849).
_ANYWHERE = {4: ipaddress.ip_address("192.0.2.1"), 6: ipaddress.ip_address("2001:db8::1")}


def interface_names(params: Mapping[str, Any]) -> list[str]:
    """Give the names of all WireGuard interfaces in the namespace: the kernel's, and userspace ones that answer."""
    channel = Rtnetlink(params["netns"])
    try:
        rows = channel.dump("links", "read the interfaces")
    finally:
        channel.close()
    kinds = {row.get_attr("IFLA_IFNAME"): _kind(row) for row in rows}
    return sorted(name for name, kind in kinds.items() if kind == "wireguard" or (kind == "tun" and is_alive(name)))


def probe(backends: Sequence[Backend], params: Mapping[str, Any], timeout: float, watch: Watch) -> list[Interface]:
    """Observe interfaces; with a timeout in seconds, send to silent peers and wait for their handshakes until then."""

    def greet(observed: Sequence[Interface]) -> None:
        with inside(params["netns"]):
            for interface in observed:
                for peer in _silent(interface, watch):
                    _send(interface.name, peer)

    return keep_looking(lambda: [backend.read() for backend in backends], watch, Pace(timeout, _POLL), greet)


def why_none(params: Mapping[str, Any]) -> str:
    """Tell why this host can have no WireGuard interface. Empty where it can."""
    return obstacle(params["userspace_program"])


def clock(_params: Mapping[str, Any]) -> float:
    """Give the time of this host in seconds since 1970."""
    return time.time()


def destination(prefix: Prefix) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Give an address of the prefix that a packet can have as its destination."""
    network = prefix.network
    if _ANYWHERE[prefix.version] in network:
        return _ANYWHERE[prefix.version]
    return network[0] if network.num_addresses == 1 else network[1]


def _kind(row: Any) -> str:
    information = row.get_attr("IFLA_LINKINFO")
    return information.get_attr("IFLA_INFO_KIND") or "" if information is not None else ""


def _silent(interface: Interface, watch: Watch) -> list[Peer]:
    if not interface.up:
        return []
    limit = time.time() - _REKEY_AFTER
    return [peer for key, peer in interface.peers.items() if peer.last_handshake < limit and watch.concerns(key)]


def _send(interface: str, peer: Peer) -> None:
    """Send one datagram to the first address of the peer that the system can send to; without one, none is sent."""
    for prefix in sorted(peer.allowed_ips, key=lambda each: (-each.length, each)):
        with contextlib.suppress(OSError), _channel(interface, prefix.version) as channel:
            channel.sendto(b"", (str(destination(prefix)), _DISCARD))
            return


@contextlib.contextmanager
def _channel(interface: str, version: int) -> Iterator[socket.socket]:
    with socket.socket(_FAMILIES[version], socket.SOCK_DGRAM) as channel:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        yield channel
