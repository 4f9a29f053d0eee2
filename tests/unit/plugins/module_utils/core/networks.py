# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared networks for tests: a small one that is written out, and random ones."""

from __future__ import annotations

import base64
import copy
import hashlib
import ipaddress
from typing import Any

from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import FoundKeys, Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey

_OFFICES = {
    "corp": {
        "interface": "wg0",
        "pool": ["10.255.255.0/24", "fd66::/64"],
        "port": 13231,
        "members": {
            "office1": {"endpoint": "192.0.2.1", "routes": ["10.1.202.0/24"]},
            "office2": {"endpoint": "192.0.2.2", "routes": ["10.1.101.0/24"], "address": ["10.255.255.2/24"]},
            "branch": {"nat": True, "routes": ["192.168.88.0/24", "fd88::/64"]},
        },
    }
}


def key_text(label: str) -> str:
    """Give a key that was made for tests, always the same for a label."""
    return base64.b64encode(hashlib.sha256(label.encode()).digest()).decode()


def public_key(label: str) -> PublicKey:
    return PublicKey(hashlib.sha256(label.encode()).digest())


def derive(private_key: PrivateKey) -> PublicKey:
    """Stand for the curve: another 32 bytes for each key."""
    return PublicKey(hashlib.sha256(b"public half of " + private_key.raw).digest())


def offices(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Give the small network; each change is a dotted path below it and a value, None takes away."""
    data: dict[str, Any] = copy.deepcopy(_OFFICES)
    for path, value in changes:
        *way, last = path.split(".")
        node = data["corp"]
        for step in way:
            node = node.setdefault(step, {})
        if value is None:
            node.pop(last)
        else:
            node[last] = value
    return data


def found_keys(declaration: Declaration) -> FoundKeys:
    """Give what is found when every host has made its key."""
    found: dict[str, dict[str, PublicKey]] = {}
    for network in declaration.values():
        for name, member in network.members.items():
            if not member.external:
                found.setdefault(name, {})[network.name] = public_key(f"{name} in {network.name}")
    return found


def client_keys(declaration: Declaration) -> FoundKeys:
    """Give the keys of all clients that have not declared one."""
    return {
        network.name: {
            name: public_key(f"{name} in {network.name}")
            for name, client in network.clients.items()
            if client.public_key is None
        }
        for network in declaration.values()
    }


def settled(declaration: Declaration) -> Registry:
    """Give the registry after all hosts were asked, and all clients have keys."""
    result = settle(declaration, {}, found_keys(declaration), client_keys=client_keys(declaration))
    assert result.problems == ()
    return result.registry


@st.composite
def member_data(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Give a member with routes that are its own."""
    data: dict[str, Any] = {}
    if draw(st.booleans()):
        data["nat"] = True
    else:
        data["endpoint"] = f"198.51.100.{number + 1}"
    routes = [f"172.16.{number}.0/24", f"fd00:0:0:{number:x}::/64", f"172.17.{number}.128/25"]
    data["routes"] = draw(st.lists(st.sampled_from(routes), unique=True))
    if draw(st.integers(0, 4)) == 0:
        data.update(external=True, public_key=key_text(f"outsider {number}"))
    return data


@st.composite
def network_data(draw: st.DrawFn, topology: str | None = None) -> dict[str, Any]:
    """Give a sound declaration of one network: member m0 can be dialled and is the hub or the relay."""
    count = draw(st.integers(1, 7))
    members = {f"m{number}": draw(member_data(number)) for number in range(count)}
    members["m0"].pop("nat", None)
    members["m0"]["endpoint"] = "198.51.100.1"
    topology = topology or draw(st.sampled_from(["mesh", "hub_spoke", "links"]))
    network: dict[str, Any] = {"pool": ["10.66.0.0/24", "fd66::/64"], "topology": topology, "members": members}
    network["hub" if topology == "hub_spoke" else "relay"] = "m0"
    if topology == "links":
        pairs = [[a, b] for a in members for b in members if a < b]
        network["links"] = draw(st.lists(st.sampled_from(pairs), unique_by=tuple)) if pairs else []
    return {"net": network}


@st.composite
def client_network_data(draw: st.DrawFn) -> dict[str, Any]:
    """Give a sound declaration of one network with clients; m0 is a gateway."""
    data: dict[str, Any] = draw(network_data())
    network = data["net"]
    network["members"]["m0"].pop("external", None)
    network["members"]["m0"].pop("public_key", None)
    members = network["members"]
    servers = [name for name, member in members.items() if "endpoint" in member and not member.get("external")]
    network["gateways"] = {"m0": {}}
    network["psk"] = "none"
    clients = {}
    for number in range(draw(st.integers(0, 4))):
        via = draw(st.lists(st.sampled_from(servers), min_size=1, max_size=3, unique=True))
        client: dict[str, Any] = {"via": via, "profile": draw(st.sampled_from(["split", "full"]))}
        if client["profile"] == "full":
            client["via"] = ["m0", *(name for name in via if name != "m0")]
        elif draw(st.booleans()):
            client["networks"] = draw(st.lists(st.sampled_from(_worth_sending(members, client["via"])), min_size=1))
        if draw(st.booleans()):
            client["expires"] = draw(st.sampled_from(["2026-12-31", "2027-06-30"]))
        clients[f"c{number}"] = client
    network["clients"] = clients
    return data


def _worth_sending(members: dict[str, Any], via: list[str]) -> list[str]:
    """Give networks that a server can do something with: m0 lets everything out, others know the pool and their own."""
    behind = [ipaddress.ip_network(prefix) for name in via for prefix in members[name]["routes"]]
    texts = ("172.16.0.0/14", "172.16.1.0/24", "172.16.2.128/25", "fd00::/16")
    networks = [ipaddress.ip_network(text) for text in texts]
    reached = [
        str(network)
        for network in networks
        if via[0] == "m0" or any(network.version == each.version and network.overlaps(each) for each in behind)
    ]
    return ["10.64.0.0/10", *reached]
