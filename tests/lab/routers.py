# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of a lab that are simulated routers: how they are switched on, reached by playbooks, and looked at."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import (
    Simulator,
    plane_flags,
    simulator,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.catalogue import menus
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

PASSWORD = "canary-of-the-routers"
PEERS = "/interface/wireguard/peers"
FILTER, FILTER6 = "/ip/firewall/filter", "/ipv6/firewall/filter"
Rows = dict[str, list[dict[str, str]]]

_VERSION = "7.22.2"
# What goes on by itself.
_RUNNING = {"/system/resource", "/system/clock", "/file"}
_STATISTICS = {
    "bytes", "packets", "rx", "tx", "last-handshake", "current-endpoint-address", "current-endpoint-port",
    *(f"{way}-{what}" for way in ("rx", "tx") for what in ("byte", "packet", "drop", "error")),
}  # fmt: skip


@dataclass(frozen=True)
class MixedLab(Lab):
    """A lab of which some hosts are routers: modules for them run here and speak to their ports."""

    routers: Mapping[str, Simulator]

    def inventory(self, *hosts: str, **variables: Any) -> dict[str, Any]:
        """An inventory that reaches these hosts, Linux or not, and gives them the variables."""
        inventory = super().inventory(*hosts, **variables)
        named = inventory["all"]["hosts"]
        named.update({host: reached(router) for host, router in self.routers.items() if host in named})
        return inventory

    def api(self, host: str) -> contextlib.closing[Client]:
        """A session on a router, to be used in a ``with``."""
        return contextlib.closing(Client(self.routers[host].port, password=PASSWORD))


def reached(router: Simulator) -> dict[str, Any]:
    """The variables of an inventory by which a router is reached."""
    address = {"hostname": "127.0.0.1", "port": router.port, "tls": False}
    return {
        "ansible_connection": "local",
        "ansible_network_os": "community.routeros.routeros",
        "wireguard_routeros": {**address, "username": "admin", "password": PASSWORD},
    }


@contextlib.contextmanager
def switched_on(lab: Lab, host: str, *flags: str, seed: dict[str, Any], **ports: str) -> Iterator[Simulator]:
    """A router that is a host of a lab; ``ports`` says which link of the host is which interface of the router."""
    wanted = ["--version", _VERSION, "--user", f"admin:{PASSWORD}:full", "--unconfirmed", "export-text=in-reply"]
    with simulator(*wanted, *flags, *plane_flags(lab.argv(host, []), **ports), seed=seed) as router:
        yield router


def office(wan: str, hop: str, lan6: str = "") -> dict[str, Any]:
    """What a router with the default configuration is told before there is a tunnel."""
    seed: dict[str, Any] = {
        "/ip/address": [{"interface": "ether1", "address": wan}],
        "/ip/route": [{"gateway": hop}],
    }
    return seed | ({"/ipv6/address": [{"interface": "bridge", "address": lan6}]} if lan6 else {})


def rows(router: Simulator) -> Rows:
    """All rows of all menus, in their order and with their ids, but for what changes by itself."""
    paths = [path for path in menus(Profile(_VERSION, {})) if path not in _RUNNING]
    return {
        path: [{name: text for name, text in row.items() if name not in _STATISTICS} for row in router.rows(path)]
        for path in paths
    }


def without_ids(all_rows: Rows) -> Rows:
    """The same rows, as if each had been made anew. Only filters and NAT have an order that matters, and there not
    among neighbours of ours, all of which accept.
    """
    result: Rows = {}
    for path, found in all_rows.items():
        bare = [{name: text for name, text in row.items() if name != ".id"} for row in found]
        blocks = itertools.groupby(bare, is_ours if "/firewall/" in path else lambda _row: True)
        result[path] = [row for free, block in blocks for row in (sorted(block, key=_spelled) if free else block)]
    return result


def is_ours(row: dict[str, str]) -> bool:
    """Whether a row has a tag of ours."""
    return row.get("comment", "").startswith("wgfleet ")


def _spelled(row: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(row.items())


def mentioning(all_rows: Rows, texts: Iterable[str]) -> tuple[Rows, Rows]:
    """The rows that have one of the texts among their values or in a list of them, and those that have not."""
    wanted = set(texts)
    found: Rows = {}
    rest: Rows = {}
    for path, each in all_rows.items():
        for row in each:
            words = set(itertools.chain.from_iterable(text.split(",") for text in row.values()))
            (found if words & wanted else rest).setdefault(path, []).append(row)
    return found, rest


def exported(lab: MixedLab, host: str) -> list[tuple[str, str]]:
    """The export of a router, secrets included: menu and line, in their order."""
    with lab.api(host) as api:
        text = api.run("/export", "=show-sensitive=").ret
    assert text, "the router exports nothing"
    result = []
    menu = ""
    for line in text.split("\r\n"):
        menu = line if line.startswith("/") else menu
        if line and not line.startswith(("/", "#")):
            result.append((menu, line))
    return result


def added(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines that an export has more than the one before, all of whose lines still are there in their order."""
    known = list(before)
    new = [line for line in after if not (known and line == known[0] and known.pop(0))]
    assert not known, f"this is gone, changed or elsewhere: {known[0]}"
    return new
