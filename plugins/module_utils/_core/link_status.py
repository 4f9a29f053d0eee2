# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the declared links are, judged by what hosts report, and as a table for a terminal.

Rules of this file: each link has a row per end that is ours; a link is up when a handshake is younger than the time
after which WireGuard refuses a session, and the interfaces of both ends are up as far as they were asked; a link on
which nobody sends keepalives may be silent, which is idle and not down. `now` is handed in.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration import Declaration, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.registry import Entry, Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.topology import reach

# REJECT_AFTER_TIME (WireGuard paper, section 6.1) and some seconds for the way of the answer to us.
FRESH = 180 + 5

UP, DOWN, IDLE, UNREACHABLE = "up", "down", "idle", "unreachable"

WIDTH = 80
SHORTEST_NAME = 8
_HEAD = ("HOST", "PEER", "STATE", "HANDSHAKE", "RX", "TX", "ENDPOINT")
_AGES = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"))

# By host, then by the interface's name: what the info module says of it.
Reports = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Link(NamedTuple):
    """One declared link as one end sees it."""

    network: str
    host: str
    peer: str
    state: str  # up, down, idle or unreachable
    handshake_age: int | None = None  # seconds, None is never
    rx_bytes: int = 0
    tx_bytes: int = 0
    endpoint: str = ""  # the one in use


def link_states(declaration: Declaration, registry: Registry, reports: Reports, now: float) -> list[Link]:
    """Judge every declared link. A host that is not in the reports was not reached."""
    links: list[Link] = []
    for network in declaration.values():
        entries = registry.get(network.name, {})
        for host, member in network.members.items():
            if not member.external:
                interface = reports[host].get(member.interface, {}) if host in reports else None
                links.extend(_links_of(network, entries, reports, host, interface, now))
    return links


def _links_of(
    network: Network,
    entries: Mapping[str, Entry],
    reports: Reports,
    host: str,
    interface: Mapping[str, Any] | None,
    now: float,
) -> Iterator[Link]:
    observed = {peer.get("public_key"): peer for peer in (interface or {}).get("peers") or ()}
    for peer in reach(network, host):
        link = Link(network.name, host, peer, UNREACHABLE)
        if interface is None:
            yield link
            continue
        found = observed.get(str(entries.get(peer, Entry()).public_key or ""))
        if found is None:
            yield link._replace(state=DOWN)
            continue
        handshake = found.get("last_handshake") or 0
        link = link._replace(
            handshake_age=max(int(now - handshake), 0) if handshake else None,
            rx_bytes=found.get("rx_bytes") or 0,
            tx_bytes=found.get("tx_bytes") or 0,
            endpoint=found.get("current_endpoint") or found.get("endpoint") or "",
        )
        both_up = _is_up(interface) and _far_end_is_up(network, reports, peer)
        kept_alive = _sends_keepalives(network, host) or _sends_keepalives(network, peer)
        yield link._replace(state=_state(link, both_up, kept_alive))


def _state(link: Link, both_up: bool, kept_alive: bool) -> str:
    if not both_up:
        return DOWN
    if link.handshake_age is not None and link.handshake_age <= FRESH:
        return UP
    return DOWN if kept_alive else IDLE


def _sends_keepalives(network: Network, name: str) -> bool:
    member = network.members[name]
    return not member.dialable and member.keepalive > 0


def _is_up(interface: Mapping[str, Any]) -> bool:
    return bool(interface.get("exists", True) and interface.get("enabled"))


def _far_end_is_up(network: Network, reports: Reports, peer: str) -> bool:
    # Of an end that was not asked, the handshake alone speaks.
    return peer not in reports or _is_up(reports[peer].get(network.members[peer].interface, {}))


def render_links(links: Iterable[Link]) -> str:
    """Draw a table for a terminal of 80 columns; long names are cut, the last column may run over."""
    by_network: dict[str, list[tuple[str, ...]]] = {}
    for link in links:
        by_network.setdefault(link.network, []).append(_cells(link))
    rows = [_HEAD, *(row for rows in by_network.values() for row in rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    spare = WIDTH - sum(widths[2:]) - 2 * len(widths[1:])
    widths[:2] = _fitted(widths[0], widths[1], spare)
    blocks = [
        "\n".join([f"network {name}", *(_line(row, widths) for row in (_HEAD, *rows))])
        for name, rows in by_network.items()
    ]
    return "\n\n".join(blocks)


def _cells(link: Link) -> tuple[str, ...]:
    age = "never" if link.handshake_age is None else human_age(link.handshake_age)
    if link.state == UNREACHABLE:
        return link.host, link.peer, link.state, "", "", "", ""
    return link.host, link.peer, link.state, age, human_bytes(link.rx_bytes), human_bytes(link.tx_bytes), link.endpoint


def _fitted(first: int, second: int, spare: int) -> tuple[int, int]:
    """Share the space between two columns: what the shorter one leaves is the longer one's."""
    half = max(spare // 2, SHORTEST_NAME)
    if first <= half:
        return first, min(second, max(spare - first, half))
    return min(first, max(spare - min(second, half), half)), min(second, half)


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    shown = [
        (cell if len(cell) <= width else cell[: width - 1] + "…").ljust(width) for cell, width in zip(cells, widths)
    ]
    return "  ".join(shown).rstrip()


def human_age(seconds: int) -> str:
    """Give seconds as `12 s`, `3 min`, `5 h` or `2 d`."""
    for limit, size, unit in _AGES:
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86400} d"


def human_bytes(number: int) -> str:
    """Give bytes as `12 B`, `1.5 KiB` and so on."""
    if number < 1024:
        return f"{number} B"
    size = float(number)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} PiB"
