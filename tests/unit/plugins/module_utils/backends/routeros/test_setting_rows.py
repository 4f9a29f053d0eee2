# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of what settings were, and the way out of a router."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import (
    decode_filter,
    encode_note,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.setting_rows import (
    DNS,
    arp_of,
    decode_notes,
    decode_values,
    note_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.ways_out import way_out
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import Note, Setting

NOTES = [
    Note("corp", DNS, "true", "false"),
    Note("home", Setting("/interface/bridge", "arp", "the bridge"), "proxy-arp", "reply-only"),
]
DEFAULT = {
    "dst-address": "0.0.0.0/0",
    "gateway": "192.0.2.1",
    "routing-table": "main",
    "immediate-gw": "192.0.2.1%ether1",
    "active": "true",
}


@pytest.mark.parametrize("note", NOTES)
def test_a_note_reads_back_and_is_no_rule_of_the_filter(note: Note) -> None:
    row = {".id": "*7", **dict(encode_note(note.user, note_text(note)))}
    assert decode_notes([row]) == {note: "*7"}
    assert decode_filter({("filter", 4): [row]}, []).rules == []


def test_other_rules_are_no_notes() -> None:
    comments = ["wgfleet corp: udp 13231", "note /ip/dns a=b was c", "wgfleet corp: note nonsense", ""]
    assert decode_notes([{".id": "*1", "comment": comment} for comment in comments]) == {}


def test_settings_are_read_from_their_menus() -> None:
    printed = {
        "/ip/dns": [{"allow-remote-requests": "true"}],
        "/interface/bridge": [{"name": "bridge", "arp": "proxy-arp"}],
    }
    values = decode_values(printed)
    assert (values[DNS], values[arp_of("bridge", "bridge")]) == ("true", "proxy-arp")


@pytest.mark.parametrize(
    ("routes", "interface"),
    [
        ([DEFAULT], "ether1"),
        ([{**DEFAULT, "immediate-gw": "pppoe-out1", "gateway": "pppoe-out1"}], "pppoe-out1"),
        ([{**DEFAULT, "dst-address": "::/0", "immediate-gw": "fe80::1%lte1"}], "lte1"),
        ([{**DEFAULT, "active": ""}], ""),
        ([{**DEFAULT, "active": "", "immediate-gw": "x"}, DEFAULT], "ether1"),
        ([{**DEFAULT, "routing-table": "other"}], ""),
        ([{**DEFAULT, "dst-address": "10.0.0.0/8"}], ""),
        ([{**DEFAULT, "immediate-gw": "192.0.2.1%ether1,192.0.2.5%ether1"}], "ether1"),
        ([{**DEFAULT, "immediate-gw": "192.0.2.1%ether1,198.51.100.1%ether2"}], ""),
        ([{**DEFAULT, "immediate-gw": ""}], ""),
        ([], ""),
    ],
)
def test_the_way_out_is_where_the_active_default_route_sends_packets(
    routes: list[dict[str, str]], interface: str
) -> None:
    assert way_out(routes) == interface
