# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values by their names, not by their looks."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import (
    CODECS,
    decode_duration,
    decode_endpoint,
    decode_items,
    decode_number,
    decode_private_key,
    decode_secret,
    encode_items,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, clamp

RAW = bytes(range(32))
KEY = PresharedKey(RAW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("0s", 0),
        ("25s", 25),
        ("25", 25),
        ("1m", 60),
        ("1m21s", 81),
        ("1d2h3m4s", 93784),
        ("1w", 604800),
        ("1s500ms", 1.5),
        ("00:00:25", 25),
        ("1d00:00:00", 86400),
        ("18h12m15s", 65535),
    ],
)
def test_durations_are_seconds_in_all_their_spellings(text: str | None, seconds: float) -> None:
    assert decode_duration(text) == seconds


@pytest.mark.parametrize("text", [None, "*" * 5, "*" * 3, "no key"])
def test_a_secret_that_is_not_told_is_hidden(text: str | None) -> None:
    assert decode_secret(text, PresharedKey) is HIDDEN


def test_an_empty_secret_is_none_and_another_is_its_key() -> None:
    assert decode_secret("", PresharedKey) is None
    assert decode_secret(KEY.reveal(), PresharedKey) == KEY


def test_a_private_key_is_compared_in_the_form_in_which_it_is_used() -> None:
    assert decode_private_key(KEY.reveal()) == clamp(RAW)


@pytest.mark.parametrize("text", ["yes", "true", "123", "no", ""])
def test_a_comment_is_text_whatever_it_looks_like(text: str) -> None:
    assert CODECS["comment"].decode(text) == text
    assert CODECS["comment"].encode(text) == text


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("enabled", "false", True),
        ("enabled", "true", False),
        ("responder", None, False),
        ("responder", "true", True),
        ("vrf", None, "main"),
        ("client_keepalive", "1m", 60),
        ("client_keepalive", None, 0),
        ("client_listen_port", None, 0),
        ("client_endpoint", "", ""),
        ("client_endpoint", "VPN.Example", "vpn.example"),
        ("client_dns", "1.1.1.1,DNS.example", frozenset({"1.1.1.1", "dns.example"})),
        ("client_allowed_address", None, frozenset()),
    ],
)
def test_a_property_is_decoded_by_its_name(option: str, text: str | None, value: object) -> None:
    assert CODECS[option].decode(text) == value


@pytest.mark.parametrize("option", CODECS)
def test_a_property_that_was_written_reads_as_it_was(option: str) -> None:
    values = {"responder": True, "enabled": False, "private_key": clamp(RAW), "client_keepalive": 90}
    value = values.get(option, CODECS[option].decode("192.0.2.1" if "client_" in option else "main"))
    assert CODECS[option].decode(CODECS[option].encode(value)) == value


def test_lists_are_sets_of_what_is_meant() -> None:
    prefixes = decode_items("10.0.0.1/24,fd00::2/128,what", parse_prefix)
    assert prefixes == {parse_prefix("10.0.0.0/24"), parse_prefix("fd00::2")}
    assert encode_items(prefixes) == "10.0.0.0/24,fd00::2/128"


def test_a_peer_without_a_host_is_not_dialled() -> None:
    assert decode_endpoint("", "0") is None
    assert decode_endpoint("2001:DB8::1", "51820") == Endpoint("2001:db8::1", 51820)
    assert decode_endpoint("two words", "1") == Endpoint("two words", 1)


@pytest.mark.parametrize("text", [None, "", "auto"])
def test_what_is_no_number_is_zero(text: str | None) -> None:
    assert decode_number(text) == 0
