# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why declared links are down, as far as the counters and the clocks of both ends tell, in sentences for people.

Rules of this file: pure; a sentence names the link, the way that is silent, the port and where to look. What was sent
at one end and not heard at the other was lost in between. A counter counts what WireGuard believed: a packet with a
wrong key, or one that seems to be an old one sent again, is not heard either. So where a clock is behind, that is told,
and nothing is guessed of the links of that host.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    NO_PSK,
    Declaration,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import (
    DOWN,
    IDLE,
    Findings,
    Link,
    Peers,
    human_age,
    is_up,
    peers_by_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Entry, Pinned, Registry

# By which a clock may differ before it is worth a word: the way to a host takes its time, too.
CLOCK_TOLERANCE = 60  # seconds


class _End(NamedTuple):
    """One end of a link, as far as its host has told."""

    host: str
    asked: bool = False
    told: bool = False  # whether the host has told anything
    up: bool = False  # the interface
    knows: bool = False  # it has the other end as a peer
    sent: int = 0  # bytes
    heard: int = 0
    endpoint: str = ""  # where it sends to


def link_causes(declaration: Declaration, registry: Registry, findings: Findings, links: Sequence[Link]) -> list[str]:
    """Give a sentence for each clock that is wrong, and one or two for each link between members that is down."""
    down: dict[tuple[str, frozenset[str]], Link] = {}
    for link in links:
        if link.state in (DOWN, IDLE) and not link.of_client:
            down.setdefault((link.network, frozenset((link.host, link.peer))), link)
    found = [_clock_sentence(host, offset) for host, offset in sorted(findings.clocks.items()) if _is_wrong(offset)]
    found += [f"{host}: {obstacle}" for host, obstacle in sorted(findings.obstacles.items())]
    peers = peers_by_key(findings)
    for link in down.values():
        network, pinned = declaration[link.network], registry.get(link.network, Pinned())
        ends = [_end(network, pinned, findings, peers, one, two) for one, two in _both_ways(link)]
        is_late = any(findings.clocks.get(end.host, 0) < -CLOCK_TOLERANCE for end in ends)
        sentences = list(_broken_ends(ends)) or ([] if is_late else _guesses(network, ends))
        found += [f"{link.host} -- {link.peer}: {sentence}" for sentence in sentences]
    return found


def _is_wrong(offset: int) -> bool:
    return abs(offset) > CLOCK_TOLERANCE


def _clock_sentence(host: str, offset: int) -> str:
    way = "ahead of" if offset > 0 else "behind"
    return (
        f"{host}: its clock is {human_age(abs(offset))} {way} the controller's. A host whose clock was set back is"
        " refused by all who have heard it before, and certificates seem to be out of date. Let it ask a time server"
        " (timedatectl set-ntp true; on a router /system/ntp/client), then run again"
    )


def _both_ways(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.host, link.peer), (link.peer, link.host)


def _end(network: Network, pinned: Pinned, findings: Findings, peers: Peers, host: str, other: str) -> _End:
    if host not in findings.reports:
        return _End(host, findings.asked is not None and host in findings.asked)
    name = network.members[host].interface
    peer = peers.get((host, name), {}).get(str(pinned.members.get(other, Entry()).public_key), {})
    # Of a link that once was up, the counters tell of better times, and only the probe tells of now.
    counted = peer["probe"] if peer.get("last_handshake") and peer.get("probe") else peer
    endpoint = peer.get("current_endpoint") or peer.get("endpoint") or ""
    return _End(
        host,
        True,
        True,
        is_up(findings.reports[host].get(name, {})),
        bool(peer),
        counted.get("tx_bytes") or 0,
        counted.get("rx_bytes") or 0,
        endpoint,
    )


def _broken_ends(ends: Sequence[_End]) -> Iterator[str]:
    for end in ends:
        if end.told and not (end.up and end.knows):
            what = "the interface is not up" if not end.up else f"it has no peer for {_other(end, ends).host}"
            yield f"on {end.host} {what}. Run the playbook site_to_site on {end.host} again"


def _guesses(network: Network, ends: Sequence[_End]) -> list[str]:
    one, two = ends
    silent = [sentence for source, target in ((one, two), (two, one)) for sentence in _lost(network, source, target)]
    return silent or [_what_is_known(network, ends)]


def _what_is_known(network: Network, ends: Sequence[_End]) -> str:
    """Tell of a link on which no way is known to be silent."""
    for end in ends:
        if not end.told:
            return f"{end.host} {_why_untold(network, end)}"
    mute = [end.host for end in ends if not end.heard]
    if mute:
        return f"{' and '.join(mute)} heard nothing, and nothing is known to be lost. Let the other end send a packet"
    if network.psk == NO_PSK:
        return (
            "both ends hear each other, and agree on no session. The reason is not known: run the playbook status again"
        )
    return "both ends hear each other, and agree on no session. Do their preshared keys differ?"


def _why_untold(network: Network, end: _End) -> str:
    if network.members[end.host].external:
        return "is not managed here: ask who manages it what it hears"
    if end.asked:
        return "could not be reached: run again when it can"
    return "was not asked: run without --limit to learn more"


def _other(end: _End, ends: Sequence[_End]) -> _End:
    return ends[1] if end is ends[0] else ends[0]


def _lost(network: Network, source: _End, target: _End) -> Iterator[str]:
    """Tell of one way, if it is the silent one."""
    dials = network.members[target.host].dialable
    if not source.told:
        return
    if not source.sent and not source.heard and dials:
        yield (
            f"{source.host} cannot send to {source.endpoint or target.host}. Has it a route there, and does its own"
            " firewall let UDP out?"
        )
    if source.sent and target.told and not target.heard:
        yield (
            f"nothing arrives from {source.host} at {target.host}, which has heard 0 of {source.sent} bytes."
            f" {_where_to_look(network, source, target)}"
        )
    if source.sent and not target.told and not source.heard:
        yield (
            f"{target.host} does not answer {source.host}, and was not asked itself."
            f" {_where_to_look(network, source, target)}"
        )


def _where_to_look(network: Network, source: _End, target: _End) -> str:
    port = source.endpoint.rpartition(":")[2] or network.members[target.host].port
    if network.members[target.host].dialable:
        return (
            f"UDP port {port} at {source.endpoint or target.host} seems to be closed: look at the firewall of"
            f" {target.host}, then at those before it, such as a cloud's, and at the forwarding of a NAT router"
        )
    return (
        f"The way back seems to be closed: look at what lets answers out of {source.host} and back in through the NAT"
        f" router of {target.host}, and whether {target.host} sends keepalives"
    )
