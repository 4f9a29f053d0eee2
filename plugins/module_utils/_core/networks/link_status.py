# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the declared links are, judged by what hosts report, and as a table for a terminal of 80 columns.

Rules of this file: each link has a row per end that is ours; a link is up when a handshake is younger than the time
after which WireGuard refuses a session, and the interfaces of both ends are up as far as they were asked; a link on
which nobody sends keepalives may be silent, which is idle and not down, unless a probe was sent on it and not answered;
and so may every client, probed or not: nobody has to be on line. What was not asked is not judged. `now` is handed in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.reachability import (
    BEFORE_ALL,
    active_clients,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    ClientEntry,
    Entry,
    Pinned,
    Registry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day

# REJECT_AFTER_TIME (WireGuard paper, section 6.1) and some seconds for the way of the answer to us.
FRESH = 180 + 5

UP, DOWN, IDLE, UNREACHABLE, NOT_ASKED = "up", "down", "idle", "unreachable", "not asked"
STILL_LET_IN = "still let in"  # who is not declared any more, and is a peer

WIDTH = 80
SHORTEST_NAME = 8
IPV4_ENDPOINT = len("255.255.255.255:65535")
_STATES = (UP, IDLE, DOWN, UNREACHABLE, NOT_ASKED, STILL_LET_IN)
_HEAD = ("HOST", "PEER", "STATE", "SEEN", "RX", "TX", "ENDPOINT")
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_AGES = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"))

# By host, then by the interface's name: what the info module says of it.
Reports = Mapping[str, Mapping[str, Mapping[str, Any]]]
# By host and interface, then by public key.
Peers = Mapping[Tuple[str, str], Mapping[str, Mapping[str, Any]]]


class Link(NamedTuple):
    """One declared link as one end sees it."""

    network: str
    host: str
    peer: str
    state: str  # up, down, idle, unreachable, not asked or still let in
    handshake_age: int | None = None  # seconds, None is never
    rx_bytes: int = 0
    tx_bytes: int = 0
    endpoint: str = ""  # the one in use
    of_client: bool = False  # the peer is a client, and not a member


class Findings(NamedTuple):
    """What was asked, when, and what was said."""

    reports: Reports
    now: float  # seconds since 1970
    asked: frozenset[str] | None = None  # hosts of the run; None is all
    today: Day = BEFORE_ALL  # clients that have expired have no links
    clocks: Mapping[str, int] = MappingProxyType({})  # seconds by which each host's is ahead, as far as it is known
    obstacles: Mapping[str, str] = MappingProxyType({})  # why a host can have no WireGuard interface
    probes: Peers = MappingProxyType({})  # what came of new peers that were waited for, before anybody was asked


def link_states(declaration: Declaration, registry: Registry, findings: Findings) -> list[Link]:
    """Judge every declared link. A host that was asked and is not in the reports was not reached."""
    links: list[Link] = []
    for network in declaration.values():
        pinned = registry.get(network.name, Pinned())
        for host, member in network.members.items():
            if not member.external:
                links.extend(_links_of(network, pinned, findings, host))
    return links


def all_well(links: Iterable[Link]) -> bool:
    """Tell whether every declared link that was asked about is up, or is one of a client, who need not be there."""
    return all(link.state in (UP, NOT_ASKED, STILL_LET_IN) or (link.of_client and link.state == IDLE) for link in links)


def _links_of(network: Network, pinned: Pinned, findings: Findings, host: str) -> Iterator[Link]:
    interface = _interface_of(network, findings, host)
    observed = {peer.get("public_key"): peer for peer in (interface or {}).get("peers") or ()}
    keys = {name: pinned.members.get(name, Entry()).public_key for name in reach(network, host)}
    clients = [name for name, client in active_clients(network, findings.today).items() if host in client.via]
    served = {name: pinned.clients.get(name, ClientEntry()).public_key for name in clients}
    unasked = findings.asked is not None and host not in findings.asked and host not in findings.reports
    for name, key in (*keys.items(), *served.items()):
        link = Link(network.name, host, name, NOT_ASKED if unasked else UNREACHABLE, of_client=name in served)
        if interface is None:
            yield link
            continue
        found = observed.get(str(key or ""))
        if found is None:
            # A client that has no key yet has no peer either.
            yield link._replace(state=IDLE if link.of_client and key is None else DOWN)
            continue
        link = _measured(link, found, findings.now)
        both_up = is_up(interface) and (link.of_client or _far_end_is_up(network, findings.reports, name))
        is_due = not link.of_client and (_is_kept_alive(network, host, name) or _is_unanswered(link, found))
        yield link._replace(state=_state(link, both_up, is_due))

    yield from _let_in(network, pinned, findings, host, observed)


def _let_in(
    network: Network, pinned: Pinned, findings: Findings, host: str, observed: Mapping[Any, Mapping[str, Any]]
) -> Iterator[Link]:
    """Give those of whom the registry knows that they are out, and who are peers still."""
    active = active_clients(network, findings.today)
    declared = [pinned.members.get(name, Entry()).public_key for name in network.members]
    declared += [pinned.clients.get(name, ClientEntry()).public_key for name in active]
    clients = {name: "expired" for name in network.clients if name not in active}
    clients.update((name, "revoked") for name, each in pinned.clients.items() if each.reserved_until)
    gone = [(f"{name} (departed)", each.public_key, False) for name, each in pinned.members.items() if each.departed]
    gone += [
        (f"{name} ({why})", pinned.clients.get(name, ClientEntry()).public_key, True) for name, why in clients.items()
    ]
    for name, key, of_client in gone:
        if key is not None and key not in declared and str(key) in observed:
            link = Link(network.name, host, name, STILL_LET_IN, of_client=of_client)
            yield _measured(link, observed[str(key)], findings.now)


def _interface_of(network: Network, findings: Findings, host: str) -> Mapping[str, Any] | None:
    return findings.reports[host].get(network.members[host].interface, {}) if host in findings.reports else None


def peers_by_key(findings: Findings) -> Peers:
    """Give what each host says of its peers, by host and interface, then by public key."""
    return {
        (host, name): {peer["public_key"]: peer for peer in interface.get("peers") or ()}
        for host, interfaces in findings.reports.items()
        for name, interface in interfaces.items()
    }


def _measured(link: Link, found: Mapping[str, Any], now: float) -> Link:
    handshake = found.get("last_handshake") or 0
    return link._replace(
        handshake_age=max(int(now - handshake), 0) if handshake else None,
        rx_bytes=found.get("rx_bytes") or 0,
        tx_bytes=found.get("tx_bytes") or 0,
        endpoint=found.get("current_endpoint") or found.get("endpoint") or "",
    )


def _state(link: Link, both_up: bool, is_due: bool) -> str:
    """Judge a link. One that is silent is down where a handshake is due."""
    if not both_up:
        return DOWN
    if link.handshake_age is not None and link.handshake_age <= FRESH:
        return UP
    return DOWN if is_due else IDLE


def _is_unanswered(link: Link, found: Mapping[str, Any]) -> bool:
    """Tell whether a probe was sent and not answered. To a peer of which no endpoint is known, none can be sent."""
    probe = found.get("probe")
    return bool(probe and link.endpoint and probe["answered_after"] is None)


def _is_kept_alive(network: Network, one: str, two: str) -> bool:
    return _sends_keepalives(network, one) or _sends_keepalives(network, two)


def _sends_keepalives(network: Network, name: str) -> bool:
    member = network.members[name]
    return not member.dialable and member.keepalive > 0


def is_up(interface: Mapping[str, Any]) -> bool:
    """Tell whether an interface is there and enabled, as a host reports it."""
    return bool(interface.get("exists", True) and interface.get("enabled"))


def _far_end_is_up(network: Network, reports: Reports, peer: str) -> bool:
    # Of an end that was not asked, the handshake alone speaks.
    return peer not in reports or is_up(reports[peer].get(network.members[peer].interface, {}))


def render_links(links: Iterable[Link]) -> str:
    """Draw a table for a terminal of 80 columns, and count below it; what is too long is cut."""
    links = list(links)
    if not links:
        return ""
    by_network: dict[str, list[tuple[str, ...]]] = {}
    for link in links:
        by_network.setdefault(link.network, []).append(_cells(link))
    widths = _widths([_HEAD, *(row for rows in by_network.values() for row in rows)])
    blocks = [
        "\n".join([f"network {name}", *(_line(row, widths) for row in (_HEAD, *rows))])
        for name, rows in by_network.items()
    ]
    return "\n\n".join([*blocks, _count(links)])


def _count(links: list[Link]) -> str:
    states = [link.state for link in links]
    found = [f"{states.count(state)} {state}" for state in _STATES if state in states]
    return f"{len(links)} {'end' if len(links) == 1 else 'ends'} of links: {', '.join(found)}"


def _cells(link: Link) -> tuple[str, ...]:
    """Give the cells of a row; one that has nothing more to say than its state ends there."""
    age = "never" if link.handshake_age is None else human_age(link.handshake_age)
    if link.state in (UNREACHABLE, NOT_ASKED):
        return link.host, link.peer, link.state
    return link.host, link.peer, link.state, age, human_bytes(link.rx_bytes), human_bytes(link.tx_bytes), link.endpoint


def _widths(rows: list[tuple[str, ...]]) -> list[int]:
    """Share the terminal among the columns. Names give way to each other, and to an endpoint of IPv4."""
    full = [row for row in rows if len(row) == len(_HEAD)]
    widths = [max(len(row[column]) for row in (rows if column < 2 else full)) for column in range(len(_HEAD))]
    spare = WIDTH - sum(widths[2:-1]) - 2 * len(widths[1:])
    widths[-1] = min(widths[-1], max(IPV4_ENDPOINT, spare - widths[0] - widths[1]))
    widths[:2] = _fitted(widths[0], widths[1], spare - widths[-1])
    return widths


def _fitted(first: int, second: int, spare: int) -> tuple[int, int]:
    """Share the space between two columns: what the shorter one leaves is the longer one's."""
    half = max(spare // 2, SHORTEST_NAME)
    if first <= half:
        return first, min(second, max(spare - first, half))
    return min(first, max(spare - min(second, half), half)), min(second, half)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    last = len(cells) - 1
    shown = [
        # The state of a row that ends with it may run on.
        (cell if len(cell) <= width or column == last == 2 else cell[: width - 1] + "…").ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths))
    ]
    return "  ".join(shown).rstrip()


def human_age(seconds: int) -> str:
    """Give seconds as `12 s`, `3 min`, `5 h` or `2 d`."""
    for limit, size, unit in _AGES:
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86400} d"


def human_bytes(number: int) -> str:
    """Give bytes as `12 B`, `1.5 KiB`, `15 KiB` and so on."""
    if number < 1024:
        return f"{number} B"
    size, units = number / 1024, list(_UNITS)
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.1f} {units[0]}" if size < 10 else f"{size:.0f} {units[0]}"
