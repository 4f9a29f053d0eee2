# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick import text as quick_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.options import (
    quick_config,
    quick_options,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text

FULL = f"""\
[Interface]
PrivateKey = {key_text("private")}
ListenPort = 51820
FwMark = 0x4d2
Address = 10.0.0.1/24, fd00::1/64
DNS = 9.9.9.9, example.com
MTU = 1400
Table = off
PreUp = echo 1
PreUp = echo 2
PostUp = echo 3
PreDown = echo 4
PostDown = echo 5
SaveConfig = true

[Peer]
# Name = office
PublicKey = {key_text("peer")}
PresharedKey = {key_text("shared")}
AllowedIPs = 10.0.0.0/8, +fd00::/8
Endpoint = [2001:db8::1]:51820
PersistentKeepalive = 25

[Peer]
PublicKey = {key_text("other")}
PersistentKeepalive = off
"""


def test_a_full_file_becomes_these_options() -> None:
    assert quick_options(quick_text.parse(FULL)) == {
        "private_key": key_text("private"),
        "listen_port": 51820,
        "fwmark": 0x4D2,
        "addresses": ["10.0.0.1/24", "fd00::1/64"],
        "dns": ["9.9.9.9"],
        "dns_search": ["example.com"],
        "mtu": 1400,
        "table": "off",
        "pre_up": ["echo 1", "echo 2"],
        "post_up": ["echo 3"],
        "pre_down": ["echo 4"],
        "post_down": ["echo 5"],
        "save_config": True,
        "peers": [
            {
                "name": "office",
                "public_key": key_text("peer"),
                "preshared_key": key_text("shared"),
                "allowed_ips": ["10.0.0.0/8", "+fd00::/8"],
                "endpoint_host": "2001:db8::1",
                "endpoint_port": 51820,
                "persistent_keepalive": 25,
            },
            {"public_key": key_text("other"), "persistent_keepalive": 0},
        ],
    }


def test_options_become_the_same_file_again() -> None:
    config = quick_text.parse(FULL)
    assert quick_config(quick_options(config)) == config
    assert quick_config(quick_options(quick_config({}))) == quick_config({})


def test_an_empty_endpoint_is_none() -> None:
    assert quick_config({"peers": [{"public_key": key_text("p"), "endpoint_host": ""}]}).peers[0].endpoint is None


def test_all_problems_are_reported_with_their_places_and_without_secrets() -> None:
    secret = key_text("private")
    peers = [{"public_key": key_text("p"), "endpoint_host": "a.example"}, {"allowed_ips": [secret, "10.0.0.0/33"]}, 7]
    with pytest.raises(InvalidInput) as caught:
        quick_config({"listen_port": 70000, "private_key": secret[:-2], "save_config": "yes", "x": 1, "peers": peers})
    assert sorted(problem.place for problem in caught.value.problems) == [
        "listen_port",
        "peers[0].endpoint_port",
        "peers[1].allowed_ips[0]",
        "peers[1].allowed_ips[1]",
        "peers[1].public_key",
        "peers[2]",
        "peers[2].public_key",
        "private_key",
        "save_config",
        "x",
    ]
    assert secret[:42] not in str(caught.value)
