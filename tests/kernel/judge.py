# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What wg(8) says of an interface, as plain values that our own reading can be held against.

Rules of this file: nothing of the collection is imported, so that a judge shares no code with what it judges; values
are text as wg prints it, prefixes in the standard library's spelling. Commands run in a namespace.
"""

from __future__ import annotations

import ipaddress
import subprocess
from typing import Any

State = dict[str, Any]


def run(netns: str, *argv: str, input: str | None = None) -> str:
    """Run a command in a namespace and give what it printed; a failure raises with the command's own words."""
    done = subprocess.run(
        ["ip", "netns", "exec", netns, *argv], input=input, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def shown_by_dump(netns: str, name: str) -> State:
    """Read ``wg show NAME dump``: one line for the interface, one for each peer, parted by tabs."""
    device, *peers = [line.split("\t") for line in run(netns, "wg", "show", name, "dump").splitlines()]
    return {
        "private_key": _absent(device[0]),
        "public_key": _absent(device[1]),
        "listen_port": int(device[2]),
        "fwmark": 0 if device[3] == "off" else int(device[3], 0),
        "peers": {
            peer[0]: {
                "preshared_key": _absent(peer[1]),
                "endpoint": _absent(peer[2]),
                "allowed_ips": _prefixes(_absent(peer[3])),
                "last_handshake": int(peer[4]),
                "rx_bytes": int(peer[5]),
                "tx_bytes": int(peer[6]),
                "persistent_keepalive": 0 if peer[7] == "off" else int(peer[7]),
            }
            for peer in peers
        },
    }


def shown_by_showconf(netns: str, name: str) -> State:
    """Read ``wg showconf NAME``, which leaves out what is not set and has no statistics."""
    sections: list[dict[str, str]] = []
    for line in run(netns, "wg", "showconf", name).splitlines():
        if line.startswith("["):
            sections.append({})
        elif line:
            word, value = line.split(" = ", 1)
            assert word not in sections[-1], f"wg repeats {word}"
            sections[-1][word] = value
    device, *peers = sections
    return {
        "private_key": device.get("PrivateKey"),
        "listen_port": int(device.get("ListenPort", 0)),
        "fwmark": int(device.get("FwMark", "0"), 0),
        "peers": {
            peer["PublicKey"]: {
                "preshared_key": peer.get("PresharedKey"),
                "endpoint": peer.get("Endpoint"),
                "allowed_ips": _prefixes(peer.get("AllowedIPs")),
                "persistent_keepalive": int(peer.get("PersistentKeepalive", 0)),
            }
            for peer in peers
        },
    }


def _absent(word: str) -> str | None:
    return None if word == "(none)" else word


def _prefixes(text: str | None) -> set[str]:
    return {str(ipaddress.ip_network(word.strip())) for word in (text or "").split(",") if word.strip()}
