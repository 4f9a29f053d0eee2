# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of people in a lab: they have the file that was made for them and the real wg-quick, nothing else of ours."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, dumped, star
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab

SERVER = "office1"
WORKSTATION = "office1-pc"
ENDPOINT = "198.51.1.1"
BEHIND = "10.0.1.10"  # the workstation, on the server's LAN
INSIDE = "192.168.100.1"  # the server, in the tunnel
PEERS = "/interface/wireguard/peers"

# MikroTik's manual, "RoadWarrior WireGuard tunnel": the server, its port and its first client; and a second client.
EXAMPLE: dict[str, Any] = {
    "corp": {
        "interface": "wireguard1",
        "port": 13231,
        "pool": ["192.168.100.0/24"],
        "members": {SERVER: {"endpoint": ENDPOINT, "address": ["192.168.100.1/24"], "routes": ["10.0.1.0/24"]}},
        "clients": {
            "phone": {"via": [SERVER], "address": ["192.168.100.2/24"]},
            "laptop": {"via": [SERVER], "platform": "windows", "profile": "full"},
        },
        "gateways": {SERVER: {}},
    }
}


def topology() -> dict[str, Any]:
    """A server with a LAN and two devices around an internet.

    The Windows-like device keeps the way to the server by a route: on Windows, the tunnel's own packets never enter it.
    """
    result = star(SERVER, "phone", "laptop")
    result["hosts"]["laptop"]["routes"][f"{ENDPOINT}/32"] = "198.51.3.254"
    result["hosts"][WORKSTATION] = {"routes": {"0.0.0.0/0": "10.0.1.1"}}
    lan = {"a": SERVER, "a_interface": "lan", "a_addresses": ["10.0.1.1/24"]}
    result["links"].append({**lan, "b": WORKSTATION, "b_interface": "lan", "b_addresses": ["10.0.1.10/24"]})
    return result


@dataclass
class Roadwarriors:
    """A server of either platform, and two devices that Ansible never sees."""

    fleet: Fleet

    @property
    def lab(self) -> Lab:
        return self.fleet.lab

    @property
    def clients(self) -> dict[str, Any]:
        clients: dict[str, Any] = self.fleet.networks["corp"]["clients"]
        return clients

    @property
    def directory(self) -> Path:
        return self.fleet.playbooks.directory / "inventory/wireguard_clients"

    def run(self, *flags: str, code: int | None = 0) -> PlaybookRun:
        """Run the playbook."""
        return self.fleet.run(*flags, play="roadwarrior", code=code)

    def file(self, client: str, kind: str = "conf") -> str:
        """The text that a client was given."""
        return (self.directory / "corp" / client / f"{client}.{kind}").read_text(encoding="utf-8")

    def public_key(self, client: str) -> str:
        registry = self.fleet.registry_data()
        key: str = registry["networks"]["corp"]["clients"][client]["public_key"]
        return key

    def switch_on(self, client: str) -> None:
        """Let a device take its file and come up."""
        self.lab.run(client, ["sh", "-c", "umask 077; mkdir -p /etc/wireguard"])
        self.lab.run(client, ["sh", "-c", f"umask 077; cat >/etc/wireguard/{client}.conf"], input=self.file(client))
        self.quick("up", client)

    def switch_off(self, client: str) -> None:
        self.quick("down", client)

    def quick(self, what: str, client: str) -> None:
        self.lab.run(client, ["env", "WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go", "wg-quick", what, client])

    def endpoints(self) -> dict[str, str]:
        """Where the server heard its peers last, by their public keys."""
        if not isinstance(self.lab, MixedLab):
            return {key: peer["endpoint"] for key, peer in dumped(self.lab, SERVER, "wireguard1").items()}
        with self.lab.api(SERVER) as api:
            rows = api.rows(PEERS)
        return {row["public-key"]: f"{row['current-endpoint-address']}:{row['current-endpoint-port']}" for row in rows}


def example() -> dict[str, Any]:
    """The declaration of the example, to be changed at will."""
    return copy.deepcopy(EXAMPLE)
