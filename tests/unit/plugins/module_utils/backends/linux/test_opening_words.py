# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What someone is told to open by hand, and when."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import firewalls, nft_chains
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.opening_words import (
    opening_words,
    with_openings,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import ProgramError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    FilterRule,
    Handle,
    Opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

POOL, POOL6, LAN = parse_prefix("10.9.0.0/24"), parse_prefix("fd09::/64"), parse_prefix("192.168.5.0/24")
PORT = Opening(4, INPUT, "udp", 51820)
OUT = Opening(4, FORWARD, source=POOL, in_interface="wg0", out_interface="wan")


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (PORT, "udp 51820 in"),
        (OUT, "10.9.0.0/24 wg0 -> wan"),
        (Opening(4, INPUT, "tcp", 53, source=POOL, in_interface="wg0"), "tcp 53 in from 10.9.0.0/24 wg0"),
        (Opening(6, INPUT, source=POOL6, in_interface="wg0"), "everything in from fd09::/64 wg0"),
        (Opening(4, FORWARD, source=LAN, destination=POOL), "192.168.5.0/24 -> 10.9.0.0/24"),
        (
            Opening(4, FORWARD, destination=POOL, in_interface="wan", out_interface="wg0", replies=True),
            "wan -> 10.9.0.0/24 wg0 (answers)",
        ),
        (Opening(4, FORWARD, out_interface="wg0"), "any -> wg0"),
    ],
)
def test_an_opening_is_said_with_all_that_it_asks(opening: Opening, words: str) -> None:
    assert opening_words(opening) == words


def test_a_port_of_both_ip_versions_is_said_once() -> None:
    assert with_openings("why", [PORT, PORT._replace(version=6)]) == "why. To be opened: udp 51820 in"
    assert with_openings("why", []) == "why"


def test_a_ufw_without_ipv6_names_what_it_would_have_to_let_through() -> None:
    ufw = firewalls.Ufw({4: "### tuple ### deny any any 0.0.0.0/0 any 0.0.0.0/0 in"})
    refused = ufw.refusal([PORT, Opening(6, INPUT, source=POOL6, in_interface="wg0")])
    assert refused.endswith(". To be opened: udp 51820 in; everything in from fd09::/64 wg0")


def test_a_firewall_that_cannot_be_read_is_asked_for_nothing_where_nothing_is_to_be_opened() -> None:
    unreadable = firewalls.Unreadable("iptables-legacy", "why")
    assert (unreadable.refusal([]), unreadable.refusal([OUT])) == ("", "why. To be opened: 10.9.0.0/24 wg0 -> wan")
    assert (unreadable.rules(), unreadable.told([OUT]), unreadable.wall_of(OUT)) == ((), [], None)


LISTING = [
    {
        "chain": {
            "family": "inet",
            "table": "filter",
            "name": "forward",
            "type": "filter",
            "hook": "forward",
            "prio": 0,
            "policy": "drop",
        }
    }
]
SAVED = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n"
TRIES = {
    "nftables": ["nft", "-c", "-j", "-f", "-"],
    "iptables-nft": ["iptables-nft-restore", "--noflush", "--wait", "--test"],
}


@pytest.mark.parametrize("name", TRIES)
def test_what_a_firewall_would_be_told_is_tried_on_it_and_what_it_has_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tried: list[tuple[list[str], str]] = []

    def run_program(words: list[str], text: str = "") -> str:
        if words[0].endswith("-save"):
            return SAVED
        tried.append((words, text))
        raise ProgramError("no such match")

    monkeypatch.setattr(firewalls, "run_program", run_program)
    chains = nft_chains.decode_chains(LISTING, ())
    nft = firewalls.NftChains(nft_chains.PREFIX, chains.values())
    firewall = nft if name == "nftables" else firewalls.Iptables(name, 4)
    assert firewall.refusal([PORT]) == ""  # which nothing would drop
    assert (
        firewall.refusal([OUT])
        == f"{name} does not take the rules (no such match). To be opened: 10.9.0.0/24 wg0 -> wan"
    )
    ((words, text),) = tried
    assert (words, "10.9.0.0" in text) == (TRIES[name], True)
    monkeypatch.setattr(firewall, "rules", lambda: [FilterRule(Handle("", 0, ""), "corp", firewall.told([OUT])[0])])
    assert (firewall.refusal([OUT]), len(tried)) == ("", 1)
