# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's fleet with a router in it, a preshared key for each pair, a client of two servers, and a split tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.tests.lab.internet import quick_down, quick_up, seen_as, telling_addresses
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import DEMO_SITES, WORKSTATIONS, Fleet, silent
from ansible_collections.wgfleet.wireguard.tests.lab.routers import PEERS, MixedLab, Rows

ROUTER, PHONE, WEB = "office2", "phone", "web"
LINUX = tuple(host for host in DEMO_SITES if host != ROUTER)
OUTSIDE = {ROUTER: "192.168.80.1", "office1": "192.168.90.1"}
ADDRESSES = {PHONE: "192.168.60.1", WEB: "203.0.113.80"}
PATHS = [
    (source, address)
    for source in WORKSTATIONS
    for target, addresses in WORKSTATIONS.items()
    if source != target
    for address in addresses
]


class Guarded(NamedTuple):
    """The fleet with preshared keys, a client of two servers, and a router that splits; and the router before that."""

    fleet: Fleet
    first: PlaybookRun
    unguarded: Rows

    @property
    def file(self) -> Path:
        """What the phone is given."""
        return self.fleet.playbooks.directory / f"inventory/wireguard_clients/corp/{PHONE}/{PHONE}.conf"

    def preshared(self) -> dict[frozenset[str], list[str]]:
        """The preshared keys that the ends of each pair have, by the names of the pair."""
        network = self.fleet.registry_data()["networks"]["corp"]
        names = {entry["public_key"]: name for kind in ("members", "clients") for name, entry in network[kind].items()}
        pairs: dict[frozenset[str], list[str]] = {}
        for owner, public_key, preshared_key in self._told():
            pairs.setdefault(frozenset({owner, names[public_key]}), []).append(preshared_key)
        return pairs

    def _told(self) -> Iterator[tuple[str, str, str]]:
        for host in LINUX:
            for line in self.fleet.lab.run(host, ["wg", "show", "wg0", "preshared-keys"]).stdout.splitlines():
                yield (host, *line.split("\t"))
        assert isinstance(self.fleet.lab, MixedLab)
        for row in self.fleet.lab.routers[ROUTER].rows(PEERS):
            yield ROUTER, row["public-key"], row["preshared-key"]
        for section in self.file.read_text(encoding="utf-8").split("[Peer]\n")[1:]:
            words = dict(line.split(" = ") for line in section.splitlines() if " = " in line)
            yield PHONE, words["PublicKey"], words["PresharedKey"]

    def silent(self) -> list[tuple[str, str]]:
        """Let all begin anew, as they do every two minutes, with the keys that they have now; give what is silent."""
        for host in LINUX:
            again = "wg genkey | wg set wg0 private-key /dev/stdin && wg set wg0 private-key /etc/wireguard/corp.key"
            self.fleet.lab.run(host, ["sh", "-c", again])
        quick_up(self.fleet.lab, PHONE, self.file)
        servers = [self.fleet.pinned(name)["addresses"][0].partition("/")[0] for name in ("office1", ROUTER)]
        found = silent(self.fleet.lab, [*PATHS, *((PHONE, address) for address in servers)])
        quick_down(self.fleet.lab, PHONE, self.file)
        return found

    def seen(self) -> dict[str, str]:
        """How the phone and the web see the workstation behind the router."""
        found = {}
        for host, address in ADDRESSES.items():
            with telling_addresses(self.fleet.lab, host):
                found[host] = seen_as(self.fleet.lab, f"{ROUTER}-pc", address)
        return found
