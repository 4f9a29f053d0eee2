# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``show-client-config``: the wg-quick text of the other end of a peer (WireGuard manual, schema)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import parse_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.item_commands import refuse_unknown, selected
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row

EVERYTHING = "0.0.0.0/0, ::/0"


def _spaced(text: str | None) -> str:
    return (text or "").replace(",", ", ")


def client_text(router: Router, peer: Row, reveal: bool) -> str:
    """Give the text; what is not set leaves its line out."""
    values = peer.values
    owner = router.find("/interface/wireguard", values["interface"])
    device = {} if owner is None else router.printed("/interface/wireguard", owner)
    keepalive = parse_duration(values.get("client-keepalive", "0s")) or 0
    endpoint = values.get("client-endpoint")
    lines = [
        ("ListenPort", values.get("client-listen-port")),
        ("PrivateKey", values.get("private-key") if reveal else None),
        ("Address", _spaced(values.get("client-address"))),
        ("DNS", _spaced(values.get("client-dns"))),
        ("", "[Peer]"),
        ("PublicKey", device.get("public-key")),
        ("PresharedKey", values.get("preshared-key") if reveal else None),
        ("AllowedIPs", _spaced(values.get("client-allowed-address")) or EVERYTHING),
        ("Endpoint", f"{endpoint}:{device.get('listen-port', '')}" if endpoint else None),
        ("PersistentKeepalive", str(keepalive // 1000) if keepalive else None),
    ]
    return "[Interface]\n" + "".join(f"{name} = {text}\n" if name else f"\n{text}\n" for name, text in lines if text)


def show_client_config(router: Router, caller: Caller, request: Request) -> Reply:
    """Give one row with ``conf`` and ``qr``; ``numbers`` is not taken from 7.21 on."""
    newer = ("show-sensitive", "as-value") if router.profile.since(7, 21) else ("numbers",)
    refuse_unknown(request, (".id", *newer))
    peer = selected(router, request)[0]
    asked = "show-sensitive" in request.attributes or not router.profile.since(7, 21)
    return Reply([{"conf": client_text(router, peer, asked and caller.may("sensitive")), "qr": "█"}], data=True)
