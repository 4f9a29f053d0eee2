# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client's file says, and to which program."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.text import (
    preshared_keys,
    render_quick,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    PlannedServer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Client
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import derive_preshared_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import parse
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PrivateKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text, public_key

PRIVATE = PrivateKey(bytes(range(32)))
PRIVATE_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PSK = PresharedKey(bytes(range(32, 64)))
OURS = public_key("alice")
KEY, UNKNOWN_KEY = ClientKey(OURS, PRIVATE), ClientKey(OURS)
EVERYTHING = ("0.0.0.0/0", "::/0")
SECRET = "a secret of the fleet"  # of this test alone


def server(*prefixes: str, **changes: Any) -> PlannedServer:
    allowed_ips = tuple(parse_prefix(prefix) for prefix in prefixes or EVERYTHING)
    planned = PlannedServer("office1", public_key("office1"), Endpoint("vpn.example", 51820), allowed_ips, 25)
    return planned._replace(**changes)


def plan(*servers: PlannedServer, mtu: int | None = None, **changes: Any) -> ClientPlan:
    """The plan of alice; the changes are to what she declared."""
    addresses = (parse_interface_address("10.255.255.9"), parse_interface_address("fd66::9"))
    client = Client("alice", ("office1",))._replace(**changes)
    return ClientPlan("corp", client, addresses, servers or (server(),), mtu)


def text(planned: ClientPlan, key: ClientKey = KEY, **psks: PresharedKey) -> str:
    return render_quick(planned, key, psks).reveal()


def test_the_file_says_all_that_a_client_needs() -> None:
    planned = plan(dns=("10.255.255.1",), search=("corp.example",), mtu=1380)
    assert text(planned, office1=PSK).splitlines() == [
        "[Interface]",
        f"PrivateKey = {PRIVATE_TEXT}",
        "Address = 10.255.255.9/32, fd66::9/128",
        "DNS = 10.255.255.1",
        "DNS = corp.example",
        "MTU = 1380",
        "",
        "[Peer]",
        "# Name = office1",
        f"PublicKey = {key_text('office1')}",
        f"PresharedKey = {PSK.reveal()}",
        "AllowedIPs = 0.0.0.0/0, ::/0",
        "Endpoint = vpn.example:51820",
        "PersistentKeepalive = 25",
    ]


def test_a_keepalive_that_is_off_is_left_out_because_some_programs_know_numbers_only() -> None:
    assert "PersistentKeepalive" not in text(plan(server(keepalive=0)))


@pytest.mark.parametrize("platform", ["generic", "mobile", "macos", "linux", "routeros"])
def test_everything_is_one_prefix_for_each_family(platform: str) -> None:
    assert "AllowedIPs = 0.0.0.0/0, ::/0\n" in text(plan(platform=platform))


def test_everything_is_two_halves_on_windows_so_that_its_kill_switch_stays_off() -> None:
    peer = server("0.0.0.0/0", "10.1.0.0/16", "::/0")
    halves = "AllowedIPs = 0.0.0.0/1, 128.0.0.0/1, 10.1.0.0/16, ::/1, 8000::/1\n"
    assert halves in text(plan(peer, platform="windows"))


def test_each_server_has_a_section_in_the_order_of_the_declaration() -> None:
    second = server("10.1.101.0/24", name="office2", public_key=public_key("office2"))
    names = [peer.name for peer in parse(text(plan(server(), second))).peers]
    assert names == ["office1", "office2"]


def test_an_unknown_private_key_is_a_line_for_its_owner_to_complete() -> None:
    lines = text(plan(), UNKNOWN_KEY).splitlines()
    assert lines[0] == "[Interface]"
    assert str(OURS) in lines[2]
    assert lines[3] == "PrivateKey ="
    completed = "\n".join(lines).replace("PrivateKey =", f"PrivateKey = {PRIVATE_TEXT}")
    assert parse(completed) == parse(text(plan()))


def test_no_program_takes_a_file_whose_private_key_is_not_completed() -> None:
    with pytest.raises(InvalidInput, match="PrivateKey has no value"):
        parse(text(plan(), UNKNOWN_KEY))


def test_a_name_that_would_change_the_files_meaning_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is no name"):
        text(plan(server(name="office1\nEndpoint = evil:1")))


def test_no_repr_shows_a_secret() -> None:
    shown = repr(KEY) + repr(render_quick(plan(), KEY, {"office1": PSK}))
    assert PSK.reveal() not in shown
    assert PRIVATE_TEXT not in shown


def test_preshared_keys_are_those_that_the_servers_derive() -> None:
    second = server(name="office2", psk_pair=None)
    planned = plan(server(psk_pair=("office1", "alice"), psk_epoch=3), second)
    assert preshared_keys(planned, SECRET) == {"office1": derive_preshared_key(SECRET, "corp", ("alice", "office1"), 3)}


def test_a_network_without_preshared_keys_needs_no_secret() -> None:
    assert preshared_keys(plan(), "") == {}


def test_a_secret_that_is_missing_is_a_problem_with_its_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        preshared_keys(plan(server(psk_pair=("office1", "alice"))), "")
    assert [problem.place for problem in caught.value.problems] == ["psk_secret"]
