# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the chains of others a rule has to stand. Rules are written as iptables-save prints them, for brevity."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    Wall,
    find_wall,
    user_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.iptables_text import (
    Variant,
    parse,
    render,
    render_changes,
    saved_rules,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    AddEntry,
    Handle,
    MoveEntry,
    Opening,
    RemoveEntry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

VARIANT = Variant("iptables-nft", 4)
PORT = Opening(4, INPUT, "udp", 51820, firewall="iptables-nft")
POOL = parse_prefix("10.9.0.0/24")
OUT = Opening(4, FORWARD, source=POOL, in_interface="wg0", out_interface="wan", firewall="iptables-nft")
BACK = Opening(4, FORWARD, destination=POOL, in_interface="wan", out_interface="wg0", replies=True)


def saved(*lines: str, input: str = "DROP", forward: str = "DROP") -> str:
    chains = [f":INPUT {input} [0:0]", f":FORWARD {forward} [0:0]", ":sub - [0:0]", ":deep - [0:0]"]
    return "\n".join(["# a comment", "*nat", ":INPUT ACCEPT", "COMMIT", "*filter", *chains, *lines, "COMMIT", ""])


def wall(opening: Opening, *lines: str, **policies: str) -> str | None:
    """The number of the rule that is the wall, `end` for the policy, None for none."""
    found = find_wall(opening.chain.upper(), parse(saved(*lines, **policies), VARIANT), opening)
    return None if found is None else found.handle.id if found.handle else "end"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "end"),
        (["-A INPUT -j DROP"], "0"),
        (["-A INPUT -p tcp -j DROP", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"], "1"),
        (["-A INPUT -m conntrack --ctstate INVALID -j DROP", "-A INPUT -j LOG --log-prefix x"], "end"),
        (["-A INPUT -p udp -m udp --dport 53 -j DROP", "-A INPUT -p udp -m udp --dport 51820 -j DROP"], "1"),
        (["-A INPUT -p udp -m multiport --dports 53,51820 -j DROP"], "0"),
        (["-A INPUT -p udp -m udp --dport 51000:52000 -j DROP"], "0"),
        (["-A INPUT -s 198.51.100.0/24 -j DROP"], "0"),
        (["-A INPUT ! -i lo -j DROP"], "0"),
        (["-A INPUT -p udp -m udp --dport 51820 -j ACCEPT", "-A INPUT -j DROP"], None),
        (["-A INPUT -p udp -m multiport --dports 53,51820 -j ACCEPT"], None),
        (["-A INPUT -i wan -p udp -m udp --dport 51820 -j ACCEPT"], "end"),
        (["-A INPUT -p udp -m udp --dport 51820 -m limit --limit 3/sec -j ACCEPT"], "end"),
        (["-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"], "end"),
        (["-A INPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT"], None),
        (["-A INPUT -j sub", "-A sub -p tcp -j DROP"], "end"),
        (["-A INPUT -p icmp -j ACCEPT", "-A INPUT -j sub", "-A sub -j deep", "-A deep -j DROP"], "1"),
        (["-A INPUT -j sub", "-A sub -p udp -j RETURN", "-A sub -j DROP"], "end"),
        (["-A INPUT -p tcp -j sub", "-A sub -j DROP"], "end"),
        (["-A INPUT -j sub", "-A sub -j sub"], "end"),
        (["-A INPUT -g sub", "-A INPUT -p udp -m udp --dport 51820 -j ACCEPT"], "end"),
        (['-A INPUT -m comment --comment "wgfleet corp" -j ACCEPT', "-A INPUT -j DROP"], "1"),
    ],
)
def test_the_wall_is_the_first_rule_that_may_drop_the_packets(lines: list[str], expected: str | None) -> None:
    assert wall(PORT, *lines) == expected


def test_a_chain_that_lets_through_has_no_wall() -> None:
    assert wall(PORT, "-A INPUT -p tcp -j DROP", input="ACCEPT") is None
    assert Wall() != Wall(Handle("x", 4, "0"))


@pytest.mark.parametrize(
    ("line", "out", "back"),
    [
        ("-A FORWARD -i wg+ -j DROP", "0", "end"),
        ("-A FORWARD -i lan -j DROP", "end", "end"),
        ("-A FORWARD -d 10.0.0.0/8 -j DROP", "0", "0"),
        ("-A FORWARD -s 10.9.0.0/16 -i wg0 -j ACCEPT", None, "end"),
        ("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "end", None),
        ("-A FORWARD -m state --state NEW -j DROP", "0", "0"),
    ],
)
def test_packets_that_a_rule_cannot_concern_pass_it_by(line: str, out: str | None, back: str | None) -> None:
    assert (wall(OUT, line), wall(BACK, line)) == (out, back)


@pytest.mark.parametrize("opening", [PORT, OUT, BACK, Opening(4, INPUT, "tcp", 53, source=POOL, in_interface="wg0")])
def test_a_rule_of_ours_is_read_as_it_was_written(opening: Opening) -> None:
    # As iptables-save puts it: a match of a protocol is named, and so is each that has an option.
    text = " ".join(render(opening, "corp")).replace("wgfleet corp", '"wgfleet corp"')
    rules = parse(saved(f"-A {opening.chain.upper()} {text}"), VARIANT)[opening.chain.upper()].rules
    assert [each.rule.entry for each in rules] == [opening._replace(firewall="iptables-nft")]
    assert [each.rule.owner for each in rules] == ["corp"]


def test_changes_name_places_as_they_are_by_then() -> None:
    ours = '-m comment --comment "wgfleet corp" -j ACCEPT'
    text = saved("-A INPUT -i lo -j ACCEPT", "-A INPUT -p icmp -j DROP", f"-A INPUT {ours}", f"-A FORWARD {ours}")
    before = Handle("iptables-nft", 4, "1")
    steps = [
        AddEntry(PORT, before),
        MoveEntry(Handle("iptables-nft", 4, "2"), PORT, before),
        AddEntry(PORT),
        RemoveEntry(Handle("iptables-nft", 4, "3")),
    ]
    assert render_changes(steps, "corp", saved_rules(text)).splitlines() == [
        "*filter",
        '-I INPUT 2 -p udp -m udp --dport 51820 -m comment --comment "wgfleet corp" -j ACCEPT',
        '-D INPUT -m comment --comment "wgfleet corp" -j ACCEPT',
        '-I INPUT 3 -p udp -m udp --dport 51820 -m comment --comment "wgfleet corp" -j ACCEPT',
        '-I INPUT 5 -p udp -m udp --dport 51820 -m comment --comment "wgfleet corp" -j ACCEPT',
        '-D FORWARD -m comment --comment "wgfleet corp" -j ACCEPT',
        "COMMIT",
    ]


def test_only_our_comments_name_a_user() -> None:
    assert [user_of(comment) for comment in ("wgfleet corp", "corp", None, "not wgfleet corp")] == ["corp", "", "", ""]
