# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of, as it was declared. Nothing here touches the machine."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

INTERFACE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,15}")
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class LabError(Exception):
    """The lab cannot be built or removed; the text says why and what to do."""


@dataclass(frozen=True)
class Host:
    """One host: what the lab itself configures in it."""

    forwarding: bool = False
    masquerade: str | None = None
    routes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """One end of a link."""

    host: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Topology:
    """The whole lab as it was declared."""

    name: str
    hosts: dict[str, Host]
    links: tuple[tuple[End, End], ...]

    def netns(self, host: str) -> str:
        """Name of the namespace of a host."""
        return f"{self.name}-{host}"


HOST_OPTIONS = {option.name for option in dataclasses.fields(Host)}


def parse_topology(data: dict[str, Any]) -> Topology:
    """Make a topology of ``{name, hosts, links}`` or raise one error that lists all that is wrong."""
    if unknown := {key for options in data["hosts"].values() for key in options or {}} - HOST_OPTIONS:
        raise LabError(f"A host of the topology has no option {', '.join(sorted(unknown))}.")
    hosts = {name: Host(**(options or {})) for name, options in data["hosts"].items()}
    links = tuple(
        (
            End(link["a"], link["a_interface"], tuple(link.get("a_addresses") or ())),
            End(link["b"], link["b_interface"], tuple(link.get("b_addresses") or ())),
        )
        for link in data["links"]
    )
    topology = Topology(data["name"], hosts, links)
    if problems := list(_problems(topology)):
        raise LabError("The topology is wrong: " + "; ".join(problems) + ".")
    return topology


def _problems(topology: Topology) -> Iterator[str]:
    for name in (topology.name, *topology.hosts):
        if not HOST_NAME.fullmatch(name):
            yield f"'{name}' is no name for a lab or a host"
    seen: set[tuple[str, str]] = set()
    for end in (end for link in topology.links for end in link):
        if end.host not in topology.hosts:
            yield f"a link names the unknown host '{end.host}'"
        if not INTERFACE_NAME.fullmatch(end.interface):
            yield f"'{end.interface}' of '{end.host}' is no interface name"
        if (end.host, end.interface) in seen:
            yield f"'{end.host}' has '{end.interface}' twice"
        seen.add((end.host, end.interface))
        yield from (f"'{end.host}': {text}" for text in _bad(ipaddress.ip_interface, end.addresses))
    for name, host in topology.hosts.items():
        if not isinstance(host.forwarding, bool):
            yield f"forwarding of '{name}' is not true or false"
        if host.masquerade and (name, host.masquerade) not in seen:
            yield f"'{name}' has no interface '{host.masquerade}' to masquerade on"
        yield from (f"'{name}': {text}" for text in _bad(ipaddress.ip_network, host.routes))
        yield from (f"'{name}': {text}" for text in _bad(ipaddress.ip_address, host.routes.values()))


def _bad(parse: Callable[[str], object], texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            parse(text)
        except ValueError as error:
            yield str(error)
