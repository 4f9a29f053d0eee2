# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is one clear error with its place, and nothing is written: no file, no device, no registry."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Declaration,
    Fleet,
    as_json,
    files,
    key_pair,
    star_fleet,
    star_network,
    with_networks,
)

PRIVATE, PUBLIC = key_pair()
SHORT = PUBLIC[:-5] + "="
NO_BASE64 = "!" + PUBLIC[1:]
V6 = {"pool": ["10.255.0.0/24", "fd66::/64"]}
ONE, TWO, CORP = "wireguard_networks.corp.members.one", "wireguard_networks.corp.members.two", "wireguard_networks.corp"
PHONE = f"{CORP}.clients.phone"
UNPRIVILEGED = "/usr/local/bin/python-without-privilege"
PEER = {"public_key": PUBLIC, "allowed_ips": ["10.9.0.0/24"]}


@dataclass(frozen=True)
class Case:
    """What is wrong, where it is to be found in the error, and words of that error."""

    place: str
    words: str
    changes: dict[str, Any]
    keywords: tuple[tuple[str, Any], ...] = ()


def declared(case: Case) -> Declaration:
    """A sound declaration of two sites with the changes of a case, by dotted path; None takes away."""
    networks = star_network("one", "two")
    for path, value in case.changes.items():
        *parents, last = path.split(".")
        place: Any = networks["corp"]
        for name in parents:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return networks


BEHIND_NAT = {"nat": True}
DECLARATIONS = {
    "key_of_wrong_length": Case(f"{TWO}.public_key", "bytes instead of 32", {"members.two.public_key": SHORT}),
    "key_in_bad_base64": Case(f"{TWO}.public_key", "base64", {"members.two.public_key": NO_BASE64}),
    "private_key_as_public_key": Case(
        f"{TWO}.public_key",
        "private key",
        {"members.two.public_key": PRIVATE, "members.two.private_key": PRIVATE},
    ),
    "port_70000": Case(f"{TWO}.port", "65535", {"members.two.port": 70000}),
    "endpoint_port_70000": Case(f"{TWO}.endpoint", "65535", {"members.two.endpoint": "198.51.2.1:70000"}),
    "mtu_too_small_for_ipv6": Case(f"{CORP}.mtu", "1280", {"mtu": 1200, **V6}),
    "prefix_with_a_typo": Case(f"{TWO}.routes[0]", "10.0.2.0/240", {"members.two.routes": ["10.0.2.0/240"]}),
    "address_twice": Case(f"{TWO}.address[0]", "one", {"members.two.address": ["10.255.0.1/24"]}),
    "routes_overlap": Case(f"{TWO}.routes[0]", "10.0.1.0/24 of one", {"members.two.routes": ["10.0.1.128/25"]}),
    "member_is_no_host": Case(f"{CORP}.members.partner", "external: true", {"members.partner": {"nat": True}}),
    "two_behind_nat_and_no_relay": Case(
        f"{CORP}.relay", "cannot be dialled", {"members.one": BEHIND_NAT, "members.two": BEHIND_NAT}
    ),
    "interface_name_over_15": Case(f"{CORP}.interface", "15", {"interface": "wireguard-office"}),
    "address_of_a_member_for_a_client": Case(
        f"{PHONE}.address[0]", "of one", {"clients": {"phone": {"via": ["one"], "address": ["10.255.0.1/24"]}}}
    ),
    "address_of_another_client": Case(
        f"{CORP}.clients.tablet.address[0]",
        "of phone",
        {"clients": {name: {"via": ["one"], "address": ["10.255.0.9/24"]} for name in ("phone", "tablet")}},
    ),
    "client_of_a_host_that_is_no_server": Case(
        f"{PHONE}.via[0]", "cannot be dialled", {"members.two": BEHIND_NAT, "clients": {"phone": {"via": ["two"]}}}
    ),
    "client_of_nobody": Case(f"{PHONE}.via[0]", "no member", {"clients": {"phone": {"via": ["three"]}}}),
    "full_client_without_a_gateway": Case(
        f"{PHONE}.profile", "not among gateways", {"clients": {"phone": {"via": ["one"], "profile": "full"}}}
    ),
    "client_that_asks_for_what_is_nowhere": Case(
        f"{PHONE}.networks[1]",
        "reached by no server",
        {"clients": {"phone": {"via": ["one"], "networks": ["10.0.2.0/24", "10.9.9.0/24"]}}},
    ),
    "client_with_the_name_of_a_member": Case(
        f"{CORP}.clients.two", "name of a member", {"clients": {"two": {"via": ["one"]}}}
    ),
    "client_that_expires_at_no_date": Case(
        f"{PHONE}.expires", "2027-01-31", {"clients": {"phone": {"via": ["one"], "expires": "31.1.2027"}}}
    ),
    "gateway_that_is_none": Case(f"{TWO}.gateway", "none of the gateways", {"members.two.gateway": "one"}),
    "gateway_that_is_no_member": Case(f"{CORP}.gateways.three", "no member", {"gateways": {"three": {}}}),
    "gateway_with_a_typo": Case(
        f"{CORP}.gateways.one.masqerade", "did you mean masquerade", {"gateways": {"one": {"masqerade": True}}}
    ),
    "fixed_address_that_is_none": Case(
        f"{CORP}.gateways.one.snat[0]", "no address", {"gateways": {"one": {"snat": ["198.51.1.300"]}}}
    ),
    "split_tunnel_without_a_gateway": Case(
        f"{TWO}.split", "needs gateway", {"members.two.split": {"mode": "only", "prefixes": ["10.9.0.0/16"]}}
    ),
    "members_of_the_wrong_shape": Case(f"{CORP}.members", "", {"members": ["one", "two"]}),
}
OPTIONS = {
    "key_of_wrong_length": Case(
        "peers[0].public_key", "bytes instead of 32", {"peers": [{**PEER, "public_key": SHORT}]}
    ),
    "key_in_bad_base64": Case("private_key", "base64", {"private_key": "!" + PRIVATE[1:]}),
    "private_key_as_public_key": Case(
        "peers[0].public_key",
        "private key",
        {"private_key": PRIVATE, "peers": [{**PEER, "public_key": PRIVATE}]},
    ),
    "own_public_key": Case("peers[0].public_key", "own peer", {"private_key": PRIVATE, "peers": [PEER]}),
    "port_70000": Case("listen_port", "65535", {"listen_port": 70000}),
    "mtu_too_small_for_ipv6": Case("mtu", "1280", {"mtu": 1200, "addresses": ["fd66::1/64"]}),
    "prefix_with_a_typo": Case(
        "peers[0].allowed_ips[0]", "10.9.0/24", {"peers": [{**PEER, "allowed_ips": ["10.9.0/24"]}]}
    ),
    "prefix_of_two_peers": Case(
        "peers[1].allowed_ips", "peers[0]", {"peers": [PEER, {**PEER, "public_key": key_pair()[1]}]}
    ),
    "interface_name_over_15": Case("name", "15", {"name": "wireguard-office"}),
    "interface_of_another_type": Case("", "no WireGuard interface", {"name": "wan"}),
    "no_key_file": Case("private_key_file", "keypair", {"private_key_file": "/etc/wireguard/none.key"}),
    "no_wireguard_at_all": Case(
        "", "userspace-of-nobody is not installed", {"userspace_program": "userspace-of-nobody"}
    ),
    "translation_without_privilege": Case(
        "gateway",
        "the packet filter of this host cannot be changed",
        {"gateway": {"outbound": [{"source": "10.9.0.0/24", "interface": "wg7", "out_interface": "wan"}]}},
        (("vars", {"ansible_python_interpreter": UNPRIVILEGED}),),
    ),
    "out_interface_that_is_not_there": Case(
        "gateway.outbound[0].out_interface",
        "nowhere0",
        {"gateway": {"outbound": [{"source": "10.9.0.0/24", "interface": "wg7", "out_interface": "nowhere0"}]}},
    ),
    "no_privilege": Case("", "capability NET_ADMIN", {}, (("vars", {"ansible_python_interpreter": UNPRIVILEGED}),)),
}


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    built = star_fleet(module_lab, tmp_path_factory.mktemp("bad-input"), "one", "two")
    python = f'#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin {sys.executable} "$@"\n'
    built.lab.run("one", ["sh", "-c", f"cat >{UNPRIVILEGED}; chmod 755 {UNPRIVILEGED}"], input=python)
    return built


class Refusals:
    """All cases in one run of ansible-playbook, and what each of them said."""

    def __init__(self, fleet: Fleet, tasks: dict[str, dict[str, Any]]) -> None:
        before = fleet.state("one"), files(fleet.lab, "one")
        named = [{"name": name, "ignore_errors": True, **task} for name, task in tasks.items()]
        run = fleet.tasks("one", *named, flags=("-vvvv",))
        self.results = {entry.task: entry for entry in run.results}
        self.output = run.output
        self.untouched = (fleet.state("one"), files(fleet.lab, "one")) == before
        self.registries = sorted(path.name for path in fleet.playbooks.directory.glob("**/*registry*"))

    def check(self, name: str, case: Case) -> None:
        """Hold what was said against the case."""
        entry = self.results[name]
        message = entry.result["msg"]
        assert entry.status == "ignored", entry.result
        assert case.words in message, message
        assert case.place in message, message
        assert message.count("\n") == 0, message
        assert "Traceback" not in as_json(entry.result)


@pytest.fixture(scope="module")
def refused_declarations(fleet: Fleet) -> Refusals:
    path = fleet.playbooks.directory / "inventory/registry.yml"
    names = ("path", "hosts")
    shared = dict(zip(names, (str(path), ["one", "two"]), strict=True))
    tasks = {
        name: {"wgfleet.wireguard.registry": {**shared, "networks": declared(case)}}
        for name, case in DECLARATIONS.items()
    }
    return Refusals(fleet, tasks)


@pytest.fixture(scope="module")
def refused_options(fleet: Fleet) -> Refusals:
    tasks = {
        name: {"wgfleet.wireguard.linux_interface": {"name": "wg7", **case.changes}, **dict(case.keywords)}
        for name, case in OPTIONS.items()
    }
    return Refusals(fleet, tasks)


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_wrong_declaration_is_one_clear_error(refused_declarations: Refusals, name: str) -> None:
    refused_declarations.check(name, DECLARATIONS[name])


@pytest.mark.parametrize("name", OPTIONS)
def test_wrong_options_are_one_clear_error(refused_options: Refusals, name: str) -> None:
    refused_options.check(name, OPTIONS[name])


def test_wrong_declarations_write_nothing_and_show_no_secret(refused_declarations: Refusals) -> None:
    assert refused_declarations.registries == []
    assert refused_declarations.untouched
    assert "Traceback" not in refused_declarations.output


def test_wrong_options_write_nothing_and_show_no_secret(refused_options: Refusals) -> None:
    assert refused_options.untouched
    assert PRIVATE not in refused_options.output
    assert PRIVATE[1:] not in refused_options.output


def test_a_run_reports_all_problems_at_once_and_touches_no_host(fleet: Fleet) -> None:
    chosen = ("key_of_wrong_length", "port_70000", "prefix_with_a_typo", "interface_name_over_15")
    cases = [DECLARATIONS[name] for name in chosen]
    broken = declared(Case("", "", {path: value for case in cases for path, value in case.changes.items()}))
    before = {host: fleet.state(host) for host in fleet.hosts}
    run = with_networks(fleet, broken).run(code=2)
    failed = [entry.result for entry in run.results if entry.status == "failed"]
    assert len(failed) == 1
    lines = failed[0]["msg"].splitlines()
    assert len(lines) == len(cases)
    assert all(any(case.place in line and case.words in line for line in lines) for case in cases)
    assert {host: fleet.state(host) for host in fleet.hosts} == before
    assert not fleet.registry.exists()
