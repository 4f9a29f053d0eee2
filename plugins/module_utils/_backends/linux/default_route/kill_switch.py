# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill switch as text of nftables, and what is found of it.

Rules of this file: no I/O. The text is one transaction, so that the kernel has what was or what shall be. Each rule
carries a digest of its own words: a rule that someone changed, moved or removed is found without parsing its form.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Iterable, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import KillSwitch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

_NAME = re.compile(r"[A-Za-z0-9_.:@-]+")  # an interface's name that is no pattern to nftables
_REFUSE = "reject with icmpx type admin-prohibited"  # a program that is refused at once can try elsewhere
# An answer goes back to whom came in. A connection that was there before conntrack looked may count as begun here, so
# that those which came in by then are remembered for themselves.
_ANSWERS = (
    "ct direction reply ct state established,related accept",
    "ip daddr . tcp dport . tcp sport @open4 update @open4 { ip daddr . tcp dport . tcp sport } accept",
    "ip6 daddr . tcp dport . tcp sport @open6 update @open6 { ip6 daddr . tcp dport . tcp sport } accept",
)
# What makes and keeps a link: DHCP, and neighbours with who listens to them (RFC 2131, 8415, 4861, 3810).
_LINK = (
    "meta nfproto ipv4 udp sport 68 udp dport 67 accept",
    "meta nfproto ipv6 udp sport 546 udp dport 547 accept",
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept",
    "icmpv6 type { mld-listener-report, mld2-listener-report } accept",
)
_SETS = {"open4": "ipv4_addr", "open6": "ipv6_addr"}


class Connection(NamedTuple):
    """A TCP connection that someone opened to this host."""

    version: int
    address: str  # of the other end
    port: int  # of the other end
    local_port: int


def table_name(interface: str) -> str:
    """Give the name of the table. Raises DeviceError for an interface that nftables would take for a pattern."""
    if not _NAME.fullmatch(interface):
        raise DeviceError(f"no kill switch can name {interface}: it has characters that mean something to nftables")
    return "wgfleet_kill_switch_" + re.sub("[:@]", "/", interface)


def removal(interface: str) -> str:
    """Give the transaction after which there is no kill switch."""
    table = table_name(interface)
    return f"add table inet {table}\ndelete table inet {table}\n"


def render(interface: str, kill_switch: KillSwitch, connections: Iterable[Connection] = ()) -> str:
    """Give the transaction after which the kill switch is in force; these connections stay open."""
    held = list(connections)
    lines = [removal(interface) + f"table inet {table_name(interface)} {{"]
    for name, kind in _SETS.items():
        members = (
            f"{each.address} . {each.port} . {each.local_port}" for each in held if name == f"open{each.version}"
        )
        elements = ", ".join(sorted(members))
        lines += [f"\tset {name} {{", f"\t\ttype {kind} . inet_service . inet_service", "\t\tflags dynamic,timeout"]
        lines += ["\t\ttimeout 1d", *([f"\t\telements = {{ {elements} }}"] if elements else ()), "\t}"]
    for chain, rules in _chains(interface, kill_switch):
        lines += [f"\tchain {chain} {{", f"\t\ttype filter hook {chain} priority 0; policy drop;"]
        lines += [f'\t\t{rule} comment "{_digest(rule)}"' for rule in rules]
        lines.append("\t}")
    return "\n".join((*lines, "}", ""))


def expected(interface: str, kill_switch: KillSwitch) -> dict[str, list[str]]:
    """Give what `found` gives of a kill switch that is as we made it."""
    return {f"{chain} drop": [_digest(rule) for rule in rules] for chain, rules in _chains(interface, kill_switch)}


def found(listing: str) -> dict[str, list[str]]:
    """Give the digests in each chain of a table that `nft -j list table` tells of. Raises DeviceError."""
    try:
        objects: list[dict[str, Any]] = json.loads(listing)["nftables"]
    except (ValueError, KeyError, TypeError):
        raise DeviceError("nft does not list a table as JSON: is its version older than 0.9?") from None
    chains = [each["chain"] for each in objects if "chain" in each]
    names = {chain["name"]: f"{chain.get('hook')} {chain.get('policy')}" for chain in chains}
    digests: dict[str, list[str]] = {name: [] for name in names.values()}
    for rule in (each["rule"] for each in objects if "rule" in each):
        digests[names[rule["chain"]]].append(rule.get("comment", ""))
    return digests


def _chains(interface: str, kill_switch: KillSwitch) -> Iterator[tuple[str, list[str]]]:
    through = f'oifname "{interface}" accept'
    kept = [*_to(kill_switch.keep, 4, "ip"), *_to(kill_switch.keep, 6, "ip6")]
    own = f"meta mark {hex(kill_switch.fwmark)} accept"
    yield "output", ['oifname "lo" accept', through, own, *_ANSWERS, *_LINK, *kept, _REFUSE]
    # What came out of the tunnel to be passed on is none of the host's own.
    yield "forward", [through, f'iifname "{interface}" accept', _ANSWERS[0], *kept, _REFUSE]


def _to(prefixes: Iterable[Prefix], version: int, word: str) -> list[str]:
    return [f"{word} daddr {prefix} accept" for prefix in sorted(prefixes) if prefix.version == version]


def _digest(rule: str) -> str:
    return hashlib.sha256(rule.encode()).hexdigest()[:16]
