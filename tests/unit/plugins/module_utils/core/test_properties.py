# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties that only some kinds of device keep."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    desired_interface,
    desired_peer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN, Property
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import changed, differing
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey, clamp

KEY = str(PublicKey(b"\x11" * 32))


def of_peer(**options: Any) -> frozenset[Property]:
    return desired_peer({"public_key": KEY, **options}).properties


def one(name: str, value: Any) -> frozenset[Property]:
    return frozenset({Property(name, value)})


def test_a_property_that_is_missing_or_none_is_unset() -> None:
    assert of_peer(comment=None) == frozenset()


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("client_address", (["10.0.0.2", "fd00::2/64"], ["FD00:0::2/64", "10.0.0.2/32"])),
        ("client_dns", (["192.0.2.1", "DNS.example"], ["dns.example", "192.0.2.1"])),
        ("client_keepalive", (25, "25s")),
        ("client_listen_port", (13231, "13231")),
        ("client_endpoint", ("VPN.example", "vpn.example")),
        ("client_allowed_address", (["10.1.2.3/8"], ["10.0.0.0/8"])),
    ],
)
def test_equal_meaning_is_an_equal_property(name: str, spellings: tuple[Any, Any]) -> None:
    assert of_peer(**{name: spellings[0]}) == of_peer(**{name: spellings[1]})


def test_a_comment_that_looks_like_something_else_stays_text() -> None:
    assert desired_interface({"name": "wg0", "comment": "yes"}).properties == one("comment", "yes")
    assert of_peer(comment=123) == one("comment", "123")


@pytest.mark.parametrize(
    "options", [{"client_dns": "10.0.0.1"}, {"responder": "yes"}, {"comment": "a\nb"}, {"private_key": "x" * 43}]
)
def test_a_malformed_property_is_told_with_its_place(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        of_peer(**options)
    assert [problem.place for problem in caught.value.problems] == list(options)
    assert "xxxx" not in str(caught.value)


def test_only_what_differs_is_set_and_a_hidden_value_never_differs() -> None:
    observed = one("comment", "a") | one("responder", True) | one("private_key", HIDDEN)
    desired = one("comment", "b") | one("responder", True) | one("private_key", clamp(b"\xa1" * 32))
    assert differing(observed, desired) == one("comment", "b")
    assert changed(observed, one("comment", "b")) == observed - one("comment", "a") | one("comment", "b")
