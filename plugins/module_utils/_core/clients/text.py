# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a client's configuration, for the programs that read it.

Rules of this file: pure. It is wg-quick(8)'s format, and of it only what the official programs of every platform read:
no hooks and no tables, which those for Android, iOS and macOS refuse, and no `off` for a keepalive, which they take for
no number. The first line is a section, since RouterOS imports no text that begins with a remark. A private key that is
unknown is a line without a value: all programs refuse it until its owner has completed it, and none comes up without a
key. (Sources: config.c of wireguard-tools; conf/parser.go of wireguard-windows; TunnelConfiguration+WgQuickConfig.swift
of wireguard-apple; Interface.java and Peer.java of wireguard-android.)
"""

from __future__ import annotations

from typing import Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import at
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    PlannedServer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import derive_preshared_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import (
    AllowedIp,
    QuickConfig,
    QuickPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import render
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, SecretText

WINDOWS = "windows"
ROUTEROS = "routeros"

_UNKNOWN_KEY = """\
# Here belongs the private key that was made on this device, whose public half is
# {public_key}
PrivateKey =
"""
_FIRST_LINE = "[Interface]\n"

PresharedKeys = Mapping[str, PresharedKey]  # by the names of servers


def preshared_keys(plan: ClientPlan, secret: str) -> PresharedKeys:
    """Derive the keys that the client shares with its servers. Raises InvalidInput."""
    pairs = {server.name: server for server in plan.servers if server.psk_pair is not None}
    with at("psk_secret"):
        return {
            name: derive_preshared_key(secret, plan.network, server.psk_pair, server.psk_epoch)
            for name, server in pairs.items()
            if server.psk_pair is not None
        }


def render_quick(plan: ClientPlan, key: ClientKey, psks: PresharedKeys) -> SecretText:
    """Render the file. Raises InvalidInput where a value cannot be written so that it reads the same."""
    text = render(
        QuickConfig(
            private_key=key.private_key,
            addresses=plan.addresses,
            dns=plan.client.dns,
            dns_search=plan.client.search,
            mtu=plan.mtu,
            peers=tuple(_peer(server, plan.client.platform, psks.get(server.name)) for server in plan.servers),
        )
    )
    if key.private_key is not None:
        return text
    unknown = _FIRST_LINE + _UNKNOWN_KEY.format(public_key=key.public_key)
    return SecretText((unknown + text.reveal()[len(_FIRST_LINE) :]).encode("utf-8"))


def _peer(server: PlannedServer, platform: str, psk: PresharedKey | None) -> QuickPeer:
    prefixes = _halved(server.allowed_ips) if platform == WINDOWS else server.allowed_ips
    return QuickPeer(
        public_key=server.public_key,
        preshared_key=psk,
        allowed_ips=tuple(AllowedIp(prefix) for prefix in prefixes),
        endpoint=server.endpoint,
        persistent_keepalive=server.keepalive or None,
        name=server.name,
    )


def _halved(prefixes: tuple[Prefix, ...]) -> Iterator[Prefix]:
    # A /0 makes the program for Windows block everything else, the local network included (its docs/netquirk.md).
    for prefix in prefixes:
        if prefix.length:
            yield prefix
        else:
            upper = bytes([0x80]) + prefix.packed[1:]
            yield from (Prefix(prefix.packed, 1), Prefix(upper, 1))
