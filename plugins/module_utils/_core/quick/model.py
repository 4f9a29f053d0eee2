# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wg-quick file says, as a value.

Rules of this file: every key of wg(8) and wg-quick(8) has a field. None is "the file does not say". Where the format
can be empty, an empty list and an absent key mean the same to the tools, so both are the empty tuple. The order of the
file is kept, because it decides which of two peers gets an allowed IP.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, NamedTuple

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


class AllowedIp(NamedTuple):
    """An entry of AllowedIPs: `sign` is empty, `+` (add to what the peer has) or `-` (take away)."""

    prefix: Prefix
    sign: str = ""

    def __str__(self) -> str:
        return self.sign + str(self.prefix)


@dataclass(frozen=True)
class QuickPeer:
    """One [Peer] section. `name` comes from a comment line `# Name = …`."""

    public_key: PublicKey
    preshared_key: PresharedKey | None = None
    allowed_ips: tuple[AllowedIp, ...] = ()
    endpoint: Endpoint | None = None
    persistent_keepalive: int | None = None  # seconds, 0 is off
    name: str | None = None


@dataclass(frozen=True)
class QuickConfig:
    """A whole file. The fields below `peers` are of wg-quick alone, wg(8) does not know them."""

    private_key: PrivateKey | None = None
    listen_port: int | None = None
    fwmark: int | None = None  # 0 is off
    peers: tuple[QuickPeer, ...] = ()
    addresses: tuple[InterfaceAddress, ...] = ()
    dns: tuple[str, ...] = ()  # addresses of servers
    dns_search: tuple[str, ...] = ()
    mtu: int | None = None
    table: int | str | None = None  # a number, `auto`, `off` or a name of the host
    pre_up: tuple[str, ...] = ()
    post_up: tuple[str, ...] = ()
    pre_down: tuple[str, ...] = ()
    post_down: tuple[str, ...] = ()
    save_config: bool | None = None


def strip(config: QuickConfig) -> QuickConfig:
    """Give what `wg-quick strip` leaves: what wg(8) itself understands."""
    return QuickConfig(
        private_key=config.private_key,
        listen_port=config.listen_port,
        fwmark=config.fwmark,
        peers=config.peers,
    )


def effective_peers(config: QuickConfig) -> dict[PublicKey, QuickPeer]:
    """Give the peers that a fresh interface has after `wg setconf`, without signs and duplicates.

    A later section for the same key changes the earlier one, an allowed IP belongs to the last peer that names it, and
    a preshared key of zeros is none (wireguard-tools: src/config.c; Linux: drivers/net/wireguard/netlink.c, set_peer).
    """
    peers: dict[PublicKey, QuickPeer] = {}
    owners: dict[Prefix, PublicKey] = {}
    for section in config.peers:
        key = section.public_key
        if not any(entry.sign for entry in section.allowed_ips):
            for prefix in [prefix for prefix, owner in owners.items() if owner == key]:
                del owners[prefix]
        for entry in section.allowed_ips:
            if entry.sign != "-":
                owners[entry.prefix] = key
            elif owners.get(entry.prefix) == key:
                del owners[entry.prefix]
        peers[key] = _merged(peers.get(key), section)
    held: dict[PublicKey, set[Prefix]] = {}
    for prefix, owner in owners.items():
        held.setdefault(owner, set()).add(prefix)
    return {key: replace(peer, allowed_ips=_entries(held.get(key, ()))) for key, peer in peers.items()}


def allowed_ips(peer: QuickPeer) -> frozenset[Prefix]:
    """Give the prefixes of an effective peer."""
    return frozenset(entry.prefix for entry in peer.allowed_ips)


def _entries(prefixes: Iterable[Prefix]) -> tuple[AllowedIp, ...]:
    return tuple(AllowedIp(prefix) for prefix in sorted(prefixes))


def _merged(earlier: QuickPeer | None, later: QuickPeer) -> QuickPeer:
    first = earlier or QuickPeer(later.public_key)
    psk = later.preshared_key or first.preshared_key
    return QuickPeer(
        public_key=later.public_key,
        preshared_key=psk if psk and any(psk.raw) else None,
        endpoint=later.endpoint or first.endpoint,
        persistent_keepalive=first.persistent_keepalive
        if later.persistent_keepalive is None
        else later.persistent_keepalive,
        name=later.name or first.name,
    )
