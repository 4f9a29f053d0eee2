# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release knows what, and that it is said before anything is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.terms import adapt
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import CODECS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import (
    INTERFACE_FIELDS,
    PEER_FIELDS,
    Release,
    UnsupportedRelease,
    known_fields,
    parse_release,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Property, Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import (
    INTERFACE_PROPERTIES,
    PEER_PROPERTIES,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

KEY = PublicKey(b"\x11" * 32)


def with_peer(*properties: tuple[str, object]) -> DesiredInterface:
    return DesiredInterface(
        "wg0", peers=(DesiredPeer(KEY, properties=frozenset(Property(*each) for each in properties)),)
    )


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("7.16.1 (stable)", (7, 16)),
        ("7.24rc4 (testing)", (7, 24)),
        ("7.1 (long-term)", (7, 1)),
        ("7.23beta2", (7, 23)),
        ("10.2", (10, 2)),
    ],
)
def test_a_release_is_read_out_of_its_text(text: str, release: tuple[int, int]) -> None:
    assert parse_release(text) == release


@pytest.mark.parametrize("text", ["6.49.10 (long-term)", "7.0beta5", ""])
def test_a_release_without_wireguard_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedRelease, match=r"has no WireGuard: 7\.1 or newer"):
        parse_release(text)


def test_every_property_of_the_model_is_one_of_the_newest_release_and_has_a_codec() -> None:
    newest = Release(7, 24)
    assert {each.option for each in known_fields(INTERFACE_FIELDS, newest)} == set(INTERFACE_PROPERTIES)
    assert {each.option for each in known_fields(PEER_FIELDS, newest)} == set(PEER_PROPERTIES)
    assert {each.option for each in (*INTERFACE_FIELDS, *PEER_FIELDS)} <= set(CODECS)


@pytest.mark.parametrize("minor", range(1, 25))
def test_no_release_knows_a_property_by_two_names(minor: int) -> None:
    options = [each.option for each in known_fields(PEER_FIELDS, Release(7, minor))]
    assert len(options) == len(set(options))


@pytest.mark.parametrize(("minor", "wire"), [(15, "is-responder"), (16, "is-responder"), (17, "responder")])
def test_a_renamed_property_goes_by_its_name_of_the_release(minor: int, wire: str) -> None:
    names = [each.wire for each in known_fields(PEER_FIELDS, Release(7, minor)) if each.option == "responder"]
    assert names == [wire]


@pytest.mark.parametrize(
    ("minor", "option", "first"),
    [
        (14, "responder", "7.15"),
        (11, "private_key", "7.12"),
        (11, "client_dns", "7.12"),
        (20, "client_allowed_address", "7.21"),
        (14, "comment", "7.15"),
    ],
)
def test_what_the_release_does_not_know_is_refused_with_the_one_that_does(minor: int, option: str, first: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        adapt(with_peer((option, True)), Release(7, minor))
    [problem] = caught.value.problems
    assert problem.place == f"peers[0].{option}"
    assert problem.message.startswith(f"needs RouterOS {first} or newer")
    assert problem.message.endswith(f"this router runs 7.{minor}")


def test_all_that_is_unknown_is_told_at_once() -> None:
    desired = DesiredInterface(
        "wg0",
        properties=frozenset({Property("vrf", "customer")}),
        peers=with_peer(("responder", True), ("client_dns", frozenset())).peers,
        routes=frozenset({Route(parse_prefix("10.0.0.0/8"), metric=256)}),
    )
    with pytest.raises(InvalidInput) as caught:
        adapt(desired, Release(7, 9))
    places = [problem.place for problem in caught.value.problems]
    assert places == ["vrf", "peers[0].client_dns", "peers[0].responder", "route_metric"]


def test_what_is_unknown_of_peers_is_left_out_where_that_is_welcome() -> None:
    told = with_peer(("responder", True), ("client_dns", frozenset()))
    desired = replace(told, properties=frozenset({Property("vrf", "x")}), ignore_unknown_properties=True)
    with pytest.raises(InvalidInput) as caught:
        adapt(desired, Release(7, 12))
    assert [problem.place for problem in caught.value.problems] == ["vrf"]
    adapted = adapt(replace(desired, properties=frozenset()), Release(7, 12))
    assert [each.name for peer in adapted.peers for each in peer.properties] == ["client_dns"]


def test_the_usual_distance_is_no_metric() -> None:
    routes = frozenset({Route(parse_prefix("10.0.0.0/8"), metric=1), Route(parse_prefix("fd00::/8"), metric=2)})
    adapted = adapt(DesiredInterface("wg0", routes=routes), Release(7, 9))
    assert adapted.routes == {Route(parse_prefix("10.0.0.0/8")), Route(parse_prefix("fd00::/8"), metric=2)}
