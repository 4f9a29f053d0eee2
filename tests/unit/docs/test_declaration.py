# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written about the declaration is what its reader does: the same keys, defaults, choices and types."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import PERSIST_KINDS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_reader import CLIENT_KEYS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FAMILIES,
    PLATFORMS,
    PROFILES,
    PSK_KINDS,
    ROUTE_METHODS,
    TOPOLOGIES,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    MEMBER_KEYS,
    NETWORK_KEYS,
    read_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.gateway_reader import (
    GATEWAY_KEYS,
    NAME_SERVER_KEYS,
    SPLIT_KEYS,
    SPLIT_MODES,
    STATISTICS_KEYS,
    USE_KEYS,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import FIREWALLS
from ansible_collections.wgfleet.wireguard.tests.tools.declaration_page import PAGE, ROOT, TABLES, Key, keys, page

READ = {
    "NETWORK": NETWORK_KEYS,
    "NETWORK.members.MEMBER": MEMBER_KEYS,
    "NETWORK.members.MEMBER.gateway": USE_KEYS,
    "NETWORK.members.MEMBER.split": SPLIT_KEYS,
    "NETWORK.members.MEMBER.split.rir": STATISTICS_KEYS,
    "NETWORK.members.MEMBER.dns": NAME_SERVER_KEYS,
    "NETWORK.gateways.GATEWAY": GATEWAY_KEYS,
    "NETWORK.clients.CLIENT": CLIENT_KEYS,
}
CHOICES = {
    "topology": TOPOLOGIES,
    "persist": PERSIST_KINDS,
    "psk": PSK_KINDS,
    "method": ROUTE_METHODS,
    "mode": SPLIT_MODES,
    "firewall": FIREWALLS,
    "families": tuple(FAMILIES),
    "profile": PROFILES,
    "platform": PLATFORMS,
}
KEY = "41Yp/Ff0dFbsgr7Xl+SQOKsOFpeF+YyJN0uVhFzAOn4="
PRIVATE_KEY = "cJgs3vZ9hE9zs5QVLTt5IJtXHjYcFBfnjXmsqZfRSGM="

# What an example needs beside it, by dictionary and key; None takes away.
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("NETWORK", "mtu"): {"clients": None},  # which have the network's where it says one, and none where it does not
    ("NETWORK", "topology"): {"hub": "office1"},
    ("NETWORK", "links"): {"topology": "links"},
    ("NETWORK", "hub"): {"topology": "hub_spoke"},
    ("NETWORK.members.MEMBER", "nat"): {"endpoint": None},
    ("NETWORK.members.MEMBER", "external"): {"public_key": KEY},
    ("NETWORK.members.MEMBER", "split"): {"gateway": "office1"},
    ("NETWORK.members.MEMBER.gateway", "kill_switch"): {"keep": ["192.0.2.53/32"]},  # office1 has a name
    ("NETWORK.members.MEMBER.split", "prefixes"): {"files": ["/srv/list"]},
}
# Needed under a condition, which the description names.
CONDITIONAL = {"endpoint", "links", "hub"}
ALL_KEYS = [pytest.param(place, each, id=f"{place}.{each.name}") for place in TABLES for each in keys(place)]
WRONG = {
    "string": ["a list"],
    "integer": "many",
    "boolean": "yes",
    "dictionary": "text",
    "string or dictionary": 5,
}


def smallest(place: str) -> dict[str, Any]:
    """A declaration in which the dictionary at the place is as small as it can be, by names of the tables."""
    network: dict[str, Any] = {
        "pool": ["10.255.255.0/24", "fd66::/64"],
        "members": {
            "office1": {"endpoint": "vpn.example.net"},
            "office2": {"endpoint": "192.0.2.2"},
            "branch": {"endpoint": "192.0.2.4"},
            "MEMBER": {"endpoint": "192.0.2.3"},
        },
        "gateways": {"office1": {}},
        "clients": {"CLIENT": {"via": ["office1"]}},
    }
    member = network["members"]["MEMBER"]
    if ".MEMBER." in place:
        member["gateway"] = {"via": "office1"} if place.endswith(".gateway") else "office1"
    if ".split" in place:
        member["split"] = {"mode": "only", "prefixes": ["203.0.113.0/24"]}
    if place.endswith(".rir"):
        member["split"]["rir"] = [{"source": "/srv/delegated", "countries": ["NZ"]}]
    if place.endswith(".dns"):
        member["dns"] = [{"servers": ["10.1.0.53"]}]
    if "GATEWAY" in place:
        network["gateways"] = {"office1": {}, "MEMBER": {}}
    return {"corp": network}


def dictionary(declaration: dict[str, Any], place: str) -> dict[str, Any]:
    """The dictionary at the place."""
    inner: Any = {"NETWORK": declaration["corp"]}
    for name in place.split("."):
        inner = inner["MEMBER" if name == "GATEWAY" else name]
        inner = inner[0] if isinstance(inner, list) else inner
    assert isinstance(inner, dict)
    return inner


def with_example(place: str, each: Key) -> tuple[dict[str, Any], dict[str, Any]]:
    """A declaration without the key, and the same with what its example says."""
    (example,) = yaml.safe_load(each.example.replace('"{{ vault', '"').replace(' }}"', '"')).items()
    assert example[0] == each.name
    if each.name == "private_key":
        assert example[1].startswith("_"), "the example of a secret is the name of a variable"
        example = ("private_key", PRIVATE_KEY)
    without = smallest(place)
    inner = dictionary(without, place)
    inner.pop(each.name, None)
    for name, value in BESIDE.get((place, each.name), {}).items():
        inner.pop(name, None)
        inner.update({name: value} if value is not None else {})
    present = copy.deepcopy(without)
    dictionary(present, place)[each.name] = example[1]
    return without, present


def test_the_page_is_what_the_specification_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run ./dev pages"


def test_what_is_documented_only_has_nothing_to_run() -> None:
    assert not (ROOT / "roles/wireguard/tasks/declaration.yml").exists()


@pytest.mark.parametrize("place", TABLES)
def test_every_key_that_is_read_is_documented_and_the_reverse(place: str) -> None:
    assert {each.name for each in keys(place)} == READ[place]


@pytest.mark.parametrize(("place", "each"), ALL_KEYS)
def test_saying_the_default_is_the_same_as_saying_nothing_and_the_example_is_not(place: str, each: Key) -> None:
    without, present = with_example(place, each)
    nothing, _problems = read_declaration(without)
    assert read_declaration(present)[0] != nothing
    if each.default is not None:
        dictionary(present, place)[each.name] = each.default
        assert read_declaration(present)[0] == nothing


@pytest.mark.parametrize(("place", "each"), ALL_KEYS)
def test_what_is_required_is_missed(place: str, each: Key) -> None:
    without, _present = with_example(place, each)
    missed = [problem for problem in verify(without) if problem.place.endswith(f".{each.name}")]
    assert bool(missed) == (each.required or each.name in CONDITIONAL)


@pytest.mark.parametrize(("place", "each"), ALL_KEYS)
def test_the_choices_that_are_documented_are_those_that_are_read(place: str, each: Key) -> None:
    assert set(each.choices) == set(CHOICES.get(each.name, ()))


@pytest.mark.parametrize(("place", "each"), ALL_KEYS)
def test_the_example_of_a_key_is_valid(place: str, each: Key) -> None:
    _without, present = with_example(place, each)
    assert verify(present) == []


@pytest.mark.parametrize(("place", "each"), ALL_KEYS)
def test_a_value_of_another_type_is_refused_at_its_place(place: str, each: Key) -> None:
    declaration = smallest(place)
    dictionary(declaration, place)[each.name] = WRONG.get(each.kind, "no list")
    _networks, problems = read_declaration(declaration)
    assert [problem for problem in problems if f".{each.name}" in problem.place]
