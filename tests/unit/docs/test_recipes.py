# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every declaration of a page, compiled for each member by the filter that the roles use, does what the page says."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.filter.host_config import host_config
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import client_plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import render_registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.docs.test_pages import BLOCKS, ROOT, Block
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import settled

RECIPES = ROOT / "docs/docsite/rst/guide_recipes.rst"
TODAY, SECRET = "2026-11-21", "made up for this very test"
DECLARED = [block for block in BLOCKS if block.language == "yaml" and "wireguard_networks:" in block.text]
PAGES = pytest.mark.parametrize("block", DECLARED, ids=lambda block: f"{block.page}:{block.line}")
# The members of whom the page says that they are routers, by a file of variables that are a router's.
ROUTERS = set(re.findall(r"is a MikroTik router, so its ``host_vars/(\w+)\.yml`` says", RECIPES.read_text("utf-8")))
# What the recipes have to be there for, by what only such a declaration says.
WANTED = {
    "a mesh": lambda network, _all: "topology" not in network and len(network["members"]) > 2,
    "hub and spoke": lambda network, _all: network.get("topology") == "hub_spoke",
    "links": lambda network, _all: network.get("topology") == "links",
    "a branch behind NAT": lambda network, _all: "relay" in network,
    "roaming staff": lambda network, _all: network.get("psk") == "per_pair" and network.get("clients"),
    "an internet gateway": lambda network, _all: any(
        isinstance(member.get("gateway"), dict) and "split" not in member for member in network["members"].values()
    ),
    "a split tunnel": lambda network, _all: any("split" in member for member in network["members"].values()),
    "addresses of a network that stood before": lambda network, _all: all(
        "address" in member for member in network["members"].values()
    ),
    "mixed sites": lambda network, _all: bool(ROUTERS & set(network["members"]) and set(network["members"]) - ROUTERS),
    "routers alone": lambda _network, data: str(data.get("ansible_network_os")).endswith("routeros"),
}


def declared(block: Block) -> tuple[dict[str, Any], dict[str, Any]]:
    """The networks of a block, and all that it says."""
    data = yaml.safe_load(block.text)
    return data["wireguard_networks"], data


def compiled(networks: dict[str, Any], host: str, platform: str) -> list[dict[str, Any]]:
    registry = render_registry(settled(parse_declaration(networks)))
    return host_config(networks, registry, host, platform=platform, today=TODAY, psk_secret=SECRET)


@PAGES
def test_a_declaration_of_a_page_links_its_members_and_carries_what_is_behind_them(block: Block) -> None:
    networks, data = declared(block)
    platform = "routeros" if "ansible_network_os" in data else "linux"
    for network in networks.values():
        ours = {name: member for name, member in network["members"].items() if not member.get("external")}
        for host in ours:
            [entry] = compiled(networks, host, platform)
            assert entry["present"] and entry["interface"]["peers"]
            allowed = [prefix for peer in entry["interface"]["peers"] for prefix in peer["allowed_ips"]]
            assert len(allowed) == len(set(allowed)), "two peers with one prefix: one of them gets nothing"
            if network.get("topology") == "links":
                continue
            behind = [
                prefix
                for name, other in network["members"].items()
                if name != host
                for prefix in other.get("routes", [])
            ]
            assert [prefix for prefix in behind if not _covered(prefix, allowed)] == []


def _covered(prefix: str, by: list[str]) -> bool:
    inner = ipaddress.ip_network(prefix)
    outer = [ipaddress.ip_network(each) for each in by]
    return any(inner.version == each.version and inner.subnet_of(each) for each in outer)


@PAGES
def test_a_client_of_a_page_has_a_server_and_reaches_something(block: Block) -> None:
    networks, _data = declared(block)
    declaration = parse_declaration(networks)
    for name, network in networks.items():
        for client, asked in network.get("clients", {}).items():
            plan = client_plan(declaration, settled(declaration), name, client, Day(2026, 11, 21))
            assert [server.name for server in plan.servers] == asked["via"]
            everything = {"0.0.0.0/0"} <= {str(prefix) for prefix in plan.servers[0].allowed_ips}
            assert everything == (asked.get("profile") == "full")


@pytest.mark.parametrize("recipe", WANTED)
def test_the_recipes_have(recipe: str) -> None:
    blocks = [declared(block) for block in DECLARED if block.page == "guide_recipes.rst"]
    assert [data for networks, data in blocks for network in networks.values() if WANTED[recipe](network, data)]
