# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What wg(8) makes of a wg-quick file, to hold the tools' answers against."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import (
    AllowedIp,
    QuickConfig,
    QuickPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey


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
