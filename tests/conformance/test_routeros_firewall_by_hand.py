# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do by hand to rules and list members of ours: made good by the next run, or told before any write."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Session
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.gateway import (
    RouterosGateway,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_flow import PlannedGateway
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import access, backend
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import NAME, Target, simulated

MEMBERS = "/interface/list/member"
# A chain of a device's own would be its owner's business; a port that nothing listens to is nobody's.
PAIR = {"forward_pairs": [{"local": "192.0.2.0/28", "remote": "198.51.100.0/28"}]}
PAIR6 = {"forward_pairs": [{"local": "2001:db8:1::/64", "remote": "2001:db8:2::/64"}]}


@contextlib.contextmanager
def planned(router: Target, options: dict[str, Any]) -> Iterator[PlannedGateway]:
    with contextlib.closing(RouterosGateway("corp", Console(Session(access(router))))) as opened:
        yield PlannedGateway(opened, "corp", read_needs(options))


def gateway_steps(router: Target, options: dict[str, Any]) -> list[str]:
    """Do what the module does."""
    with planned(router, options) as gateway:
        gateway.carry_out()
        return [type(step).__name__ for step in gateway.steps]


def refused(router: Target, options: dict[str, Any]) -> tuple[str, str]:
    """Give the one thing that is refused, for which nothing is written."""
    written = len(router.writes())
    with pytest.raises(InvalidInput) as caught, planned(router, options):
        pass
    assert len(router.writes()) == written
    [problem] = caught.value.problems
    return problem.place, problem.message


# --- Members of lists


def members(router: Target) -> list[dict[str, str]]:
    return [row for row in router.rows(MEMBERS) if row["list"] == NAME]


@pytest.fixture
def listed(router: Target) -> dict[str, Any]:
    """Options that put an interface into a list that is there."""
    router.add("/interface/list", name=NAME)
    return {"list_members": [{"list": NAME, "interface": "theirs"}]}


def test_a_member_of_ours_that_someone_disabled_is_enabled(router: Target, listed: dict[str, Any]) -> None:
    gateway_steps(router, listed)
    [row] = members(router)
    router.do(f"{MEMBERS}/disable", **{".id": row[".id"]})
    assert gateway_steps(router, listed) == ["AddMember"]
    assert members(router) == [row]
    assert gateway_steps(router, listed) == []


def test_a_member_of_ours_that_someone_disabled_is_removed_all_the_same(router: Target, listed: dict[str, Any]) -> None:
    gateway_steps(router, listed)
    router.do(f"{MEMBERS}/disable", **{".id": members(router)[0][".id"]})
    assert gateway_steps(router, {}) == ["RemoveMember"]
    assert members(router) == []


def test_a_member_of_someone_else_that_is_disabled_is_told(router: Target, listed: dict[str, Any]) -> None:
    router.add(MEMBERS, list=NAME, interface="theirs", disabled="yes", comment="mine")
    place, message = refused(router, listed)
    assert place == "list_members"
    assert message.startswith(f"theirs is in the list {NAME} already, in a row of someone else that is disabled")


def test_a_list_that_is_not_there_is_told_and_no_rule_is_made(router: Target) -> None:
    options = {"listen_ports": [47113], "list_members": [{"list": NAME, "interface": "theirs"}]}
    place, message = refused(router, options)
    assert (place, message.startswith(f"there is no interface list {NAME}")) == ("list_members", True)


def test_lists_are_asked_for_only_where_a_member_is_to_be_added(router: Target, listed: dict[str, Any]) -> None:
    gateway_steps(router, listed)
    seen = len(router.relay.asked)
    assert gateway_steps(router, listed) == []
    assert "/interface/list/print" not in router.relay.asked[seen:]


# --- Interfaces

FROM = {"source": "192.0.2.0/28", "interface": "ether99"}


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"accept_from": [FROM]}, "accept_from"),
        ({"serve_dns": [FROM]}, "serve_dns"),
        ({"clamp_mss": ["ether99"]}, "clamp_mss"),
        ({"forward_pairs": [{**PAIR["forward_pairs"][0], "interface": "ether99"}]}, "forward_pairs"),
        ({"outbound": [{**FROM, "out_interface": "theirs"}]}, "outbound[0].interface"),
        ({"list_members": [{"list": "all", "interface": "ether99"}]}, "list_members"),
    ],
)
def test_an_interface_that_is_not_there_is_told_and_no_rule_is_made(
    router: Target, options: dict[str, Any], place: str
) -> None:
    expected = "there is no interface ether99: make it first, or correct its name"
    assert refused(router, {"listen_ports": [47113], **options}) == (place, expected)


def test_what_an_interface_needs_of_a_gateway_may_name_it_before_it_is_made(router: Target) -> None:
    with backend(router) as opened:
        beside = opened.gateway()
        opened.read()
        planned_gateway = PlannedGateway(beside, "wg0", read_needs({"clamp_mss": ["wg0"]}))
        assert planned_gateway.steps
        with pytest.raises(InvalidInput):
            PlannedGateway(beside, "wg0", read_needs({"clamp_mss": ["wg1"]}))


# --- Rules

NARROWED = {
    4: {
        "tcp-flags": "syn", "connection-limit": "5,32", "dscp": "3", "routing-mark": "main", "packet-size": "0-100",
        "hotspot": "auth", "nth": "2,1", "random": "50", "ttl": "equal:1", "connection-type": "ftp",
        "layer7-protocol": "x", "tls-host": "x", "priority": "1", "in-bridge-port": "ether1", "psd": "21,3s,3,1",
        "out-bridge-port-list": "all", "connection-bytes": "0-100", "connection-rate": "0-100", "realm": "1",
        "ingress-priority": "1", "fragment": "yes", "icmp-options": "8:0", "tcp-mss": "0-100",
        "per-connection-classifier": "src-address:2/0", "ipv4-options": "any", "tos": "1",
    },
    6: {"hop-limit": "equal:1", "headers": "frag", "connection-limit": "5,64", "tls-host": "x", "tos": "1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "matcher"), [(version, matcher) for version, names in NARROWED.items() for matcher in names]
)
@pytest.mark.simulator("--version", "7.22.2", device="it may refuse values that are made up")
def test_a_rule_of_ours_that_someone_narrowed_does_not_count_as_standing(
    router: Target, version: int, matcher: str
) -> None:
    options, menu = (PAIR, "/ip/firewall/filter") if version == 4 else (PAIR6, "/ipv6/firewall/filter")
    gateway_steps(router, options)
    row = next(row for row in router.rows(menu) if row.get("comment", "").startswith("wgfleet corp: "))
    extra = {"protocol": "tcp"} if matcher in ("tcp-flags", "tcp-mss") else {}
    router.do(f"{menu}/set", **{".id": row[".id"], matcher: NARROWED[version][matcher], **extra})
    assert sorted(gateway_steps(router, options)) == ["AddEntry", "RemoveEntry"]
    assert gateway_steps(router, options) == []


@pytest.mark.parametrize("release", ["7.1", "7.15", "7.16", "7.20.1", "7.22.2"])
def test_only_matchers_that_the_release_has_are_asked_for(release: str) -> None:
    with simulated("--version", release, "--unconfirmed", "unknown-proplist=trap") as target:
        gateway_steps(target, {})


# --- Where rules stand, on any router: rules of a port that nothing listens to, before a drop of that port alone.


def test_a_rule_stands_before_one_that_would_drop_its_packets_and_is_moved_back(router: Target) -> None:
    menu, options = "/ip/firewall/filter", {"listen_ports": [47113]}
    wall = {"chain": "input", "action": "drop", "protocol": "udp", "dst-port": "47113", "comment": NAME}
    drop = router.add(menu, **wall)
    gateway_steps(router, options)

    def order() -> list[str]:
        rows = [row for row in router.rows(menu) if row.get("comment") in (NAME, "wgfleet corp: udp 47113")]
        return [row["comment"] for row in rows]

    assert order() == ["wgfleet corp: udp 47113", NAME]
    ours = next(row[".id"] for row in router.rows(menu) if row.get("comment") == "wgfleet corp: udp 47113")
    router.do(f"{menu}/move", numbers=ours)
    assert order() == [NAME, "wgfleet corp: udp 47113"]
    assert gateway_steps(router, options) == ["MoveEntry"]
    assert order() == ["wgfleet corp: udp 47113", NAME]
    assert gateway_steps(router, options) == []
    assert drop in {row[".id"] for row in router.rows(menu)}
    assert set(gateway_steps(router, {})) == {"RemoveEntry"}
    assert order() == [NAME]


def test_a_translation_of_a_former_version_is_made_anew_once_behind_what_is_exempt(router: Target) -> None:
    menu, comment = "/ip/firewall/nat", "wgfleet corp: 192.0.2.0/28 out by theirs"
    who = {"chain": "srcnat", "src-address": "192.0.2.0/28"}
    router.add(menu, **who, action="masquerade", comment=comment, **{"out-interface": "theirs"})
    router.add(menu, **who, action="accept", comment="exempt", **{"ipsec-policy": "out,ipsec"})
    router.add(menu, **who, action="masquerade", comment="translated")
    way = {"source": "192.0.2.0/28", "interface": "ether1", "out_interface": "theirs"}
    steps = gateway_steps(router, {"outbound": [way]})
    assert sorted(steps) == ["AddEntry", "AddEntry", "AddEntry", "RemoveEntry"]
    rows = [row for row in router.rows(menu) if row.get("src-address") == "192.0.2.0/28"]
    assert [row["comment"] for row in rows] == ["exempt", comment, "translated"]
    assert rows[1]["ipsec-policy"] == "out,none"
    assert gateway_steps(router, {"outbound": [way]}) == []
    gateway_steps(router, {})
