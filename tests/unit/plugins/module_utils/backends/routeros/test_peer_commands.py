# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order the prefixes of peers are set, so that no two ever have one."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.peer_commands import (
    PeerRows,
    peer_commands,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

A, B = PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
ROWS = PeerRows("wg0", {A: "*1", B: "*2"}, Release(7, 22))


def peers(a: str, b: str) -> dict[PublicKey, Peer]:
    lists = {A: a, B: b}
    return {key: Peer(key, allowed_ips=frozenset(map(parse_prefix, text.split()))) for key, text in lists.items()}


def sent(commands: list[Command]) -> list[tuple[str, str]]:
    return [(dict(each.attributes)[".id"], dict(each.attributes)["allowed-address"]) for each in commands]


def test_what_a_peer_only_loses_or_gains_freely_is_set_once_and_first() -> None:
    commands = peer_commands(peers("10.1.0.0/16 10.2.0.0/16", ""), peers("10.1.0.0/16", "10.2.0.0/16"), [], ROWS)
    assert (sent(commands.first), sent(commands.then)) == ([("*1", "10.1.0.0/16")], [("*2", "10.2.0.0/16")])
    commands = peer_commands(peers("10.1.0.0/16", ""), peers("10.3.0.0/16", ""), [], ROWS)
    assert (sent(commands.first), commands.then) == ([("*1", "10.3.0.0/16")], [])


def test_peers_that_exchange_prefixes_have_what_stays_first_and_all_then() -> None:
    before = peers("10.0.0.1/32 10.1.0.0/16", "10.2.0.0/16")
    commands = peer_commands(before, peers("10.0.0.1/32 10.2.0.0/16", "10.1.0.0/16"), [], ROWS)
    assert sent(commands.first) == [("*1", "10.0.0.1/32"), ("*2", "")]
    assert sent(commands.then) == [("*1", "10.0.0.1/32,10.2.0.0/16"), ("*2", "10.1.0.0/16")]


def test_what_else_changes_of_a_peer_is_sent_once() -> None:
    step = SetPeer(A, persistent_keepalive=25)
    commands = peer_commands(peers("10.1.0.0/16", "10.2.0.0/16"), peers("10.2.0.0/16", "10.1.0.0/16"), [step], ROWS)
    told = [name for each in (*commands.first, *commands.then) for name, _value in each.attributes]
    assert told.count("persistent-keepalive") == 1


def test_nothing_is_sent_where_nothing_differs() -> None:
    same = peers("10.1.0.0/16", "10.2.0.0/16")
    assert peer_commands(same, same, [], ROWS) == ([], [])
