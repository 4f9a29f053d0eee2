# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system's own tools say of an interface, in the words of a declaration.

Rules of this file: nothing of the collection is used: a judge shares no code with what it judges.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from typing import Any, NamedTuple


class ShownPeer(NamedTuple):
    """A peer in text; what is not there is empty."""

    preshared_key: str
    endpoint: str
    allowed_ips: frozenset[str]
    keepalive: int


class Shown(NamedTuple):
    """An interface in text. `routes` are those that carry our mark, as (destination, table, metric)."""

    private_key: str
    listen_port: int
    fwmark: int
    mtu: int
    up: bool
    addresses: frozenset[str]
    routes: frozenset[tuple[str, int, int]]
    peers: dict[str, ShownPeer]


def run(*command: str) -> str:
    """Run a command and give what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def ip(*words: str, netns: str | None = None) -> list[Any]:
    """Give what ip prints, as data."""
    output = run("ip", *(["-n", netns] if netns else []), "-j", "-d", *words)
    return json.loads(output) if output.strip() else []


def exists(name: str, netns: str | None = None) -> bool:
    """Tell whether a link of that name is there."""
    return any(row.get("ifname") == name for row in ip("link", "show", netns=netns))


def shown(name: str, protocol: int, netns: str | None = None) -> Shown:
    """Give what wg and ip say."""
    prefix = ["ip", "netns", "exec", netns] if netns else []
    device, *peers = (line.split("\t") for line in run(*prefix, "wg", "show", name, "dump").splitlines())
    link = ip("address", "show", "dev", name, netns=netns)[0]
    return Shown(
        private_key=_text(device[0]),
        listen_port=int(device[2]),
        fwmark=0 if device[3] == "off" else int(device[3], 16),
        mtu=link["mtu"],
        up="UP" in link["flags"],
        addresses=frozenset(
            f"{entry['local']}/{entry['prefixlen']}"
            for entry in link["addr_info"]
            if entry["scope"] != "link" or not entry.get("stable-privacy")
        ),
        routes=frozenset(_routes(name, protocol, netns)),
        peers={row[0]: _peer(row) for row in peers},
    )


def _peer(row: list[str]) -> ShownPeer:
    _key, preshared_key, endpoint, allowed_ips, _handshake, _received, _sent, keepalive = row
    return ShownPeer(
        _text(preshared_key),
        _text(endpoint),
        frozenset(map(_network, _text(allowed_ips).split(","))) - {""},
        0 if keepalive == "off" else int(keepalive),
    )


def _routes(name: str, protocol: int, netns: str | None) -> list[tuple[str, int, int]]:
    found = []
    for family, default, usual_metric in (("-4", "0.0.0.0/0", 0), ("-6", "::/0", 1024)):
        words = (family, "route", "show", "table", "all", "protocol", str(protocol), "dev", name)
        for row in ip(*words, netns=netns):
            metric = row.get("metric", 0)
            table = {"main": 254}.get(row.get("table", "main"), row.get("table"))
            destination = default if row["dst"] == "default" else _network(row["dst"])
            found.append((destination, int(table), 0 if metric == usual_metric else metric))
    return found


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text)) if text else ""


def _text(value: str) -> str:
    return "" if value == "(none)" else value
