# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that were added to a declaration without editing it: what is kept of them, and the two as one declaration.

Rules of this file: pure; what is kept of a client is what a declaration would say of it, so that people may move it
there, and never a secret. A client has one place: one that is in both is a problem that names both. Clients of a
network that is not declared have no effect, as nothing of that network has. Source is where they are kept, for people.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import ROOT
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import Fields

VERSION = 1

Clients = Dict[str, Dict[str, Any]]  # by name, as in a declaration
Added = Mapping[str, Clients]  # by network


def parse_added(data: Any, source: str) -> dict[str, Clients]:
    """Read what is kept, but for the values; None is nothing. Raises InvalidInput with all problems of form."""
    problems: list[Problem] = []
    top = Fields.of(data, "", problems)
    top.refuse_unknown(frozenset(["version", "networks"]))
    if top.get("version", VERSION) != VERSION:
        top.wrong("version", f"is not {VERSION}: this file was written by another version")
    networks = top.mapping("networks")
    added: dict[str, Clients] = {}
    for name in networks:
        network = networks.mapping(name)
        network.refuse_unknown(frozenset(["clients"]))
        clients = network.mapping("clients")
        added[name] = {client: dict(clients.mapping(client)) for client in clients}
        for client in clients:
            if "private_key" in clients.mapping(client):
                place = f"{client}.private_key"
                clients.wrong(
                    place, "has no place in this file: declare the client in the inventory, with Ansible Vault"
                )
    if problems:
        raise InvalidInput(Problem(f"{source}: {each.place}".rstrip(": "), each.message) for each in problems)
    return added


def render_added(added: Added) -> dict[str, Any]:
    """Give what is kept as plain data. Networks without such clients are left out."""
    return {"version": VERSION, "networks": {name: {"clients": dict(each)} for name, each in added.items() if each}}


def with_added(declared: Any, added: Added, source: str) -> Any:
    """Give the declaration with the added clients in it. Raises InvalidInput for names that are in both.

    What is malformed in the declaration is left to its reader.
    """
    if not isinstance(declared, Mapping):
        return declared
    joined = dict(declared)
    problems: list[Problem] = []
    for name, clients in added.items():
        network = joined.get(name)
        own = network.get("clients") if isinstance(network, Mapping) else None
        if not isinstance(network, Mapping) or not isinstance(own or {}, Mapping):
            continue
        problems += [
            Problem(
                f"{ROOT}.{name}.clients.{client}", f"was added too, and is in {source}: take it out of one of the two"
            )
            for client in clients
            if client in (own or {})
        ]
        joined[name] = {**network, "clients": {**(own or {}), **clients}}
    if problems:
        raise InvalidInput(problems)
    return joined


def told_by_source(problems: Iterable[Problem], added: Added, source: str) -> list[Problem]:
    """Give problems with added clients the place where people find these."""
    places = [f"networks.{network}.clients.{client}" for network, clients in added.items() for client in clients]
    result = []
    for problem in problems:
        inner = problem.place.replace(ROOT, "networks", 1) if problem.place.startswith(ROOT) else ""
        found = any(inner == place or inner.startswith(f"{place}.") for place in places)
        result.append(problem._replace(place=f"{source}: {inner}") if found else problem)
    return result
