# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change has not reached, because hosts were not in the run, or have failed in it: sentences for people.

Rules of this file: pure; a run speaks of what it has changed in the registry itself, once; the table of links speaks of
what is still so. Nothing is said where all who have to know were there.
"""

from __future__ import annotations

from typing import Collection, Iterable, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import STILL_LET_IN, Link
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    ClientEntry,
    Entry,
    Pinned,
    Registry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach

MOST_NAMES = 6


class Attendance(NamedTuple):
    """Who was to be in a run, and who has come through."""

    asked: frozenset[str]
    done: frozenset[str]

    def words(self, absent: list[str]) -> str:
        """Tell why these hosts have not changed."""
        failed = [name for name in absent if name in self.asked]
        outside = [name for name in absent if name not in self.asked]
        parts = [f"{_names(outside)} {_verb(outside, 'is', 'are')} not in this run"] if outside else []
        parts += [f"{_names(failed)} {_verb(failed, 'has', 'have')} failed in this run"] if failed else []
        return ", and ".join(parts)


def run_notes(
    declaration: Declaration,
    before: Registry,
    after: Registry,
    attendance: Attendance,
    revoked: Collection[str] = (),
) -> list[str]:
    """Tell who is revoked, who has left, who has other addresses and whom some do not know yet, by what has changed.

    `revoked` are clients, as network/name, that the run was asked to revoke: they are told, too, where an earlier run
    has revoked them.
    """
    notes: list[str] = []
    for name, pinned in after.items():
        earlier = before.get(name, Pinned())
        notes += _revoked(name, earlier, pinned, attendance, revoked)
        notes += _departed(name, earlier, pinned, attendance)
        if name in declaration:
            notes += _renumbered(declaration[name], earlier, pinned, attendance)
            notes += _unheard_of(declaration[name], earlier, pinned, attendance)
    return notes


def left_behind(registry: Registry, links: Iterable[Link]) -> list[str]:
    """Tell of members that have left and were in no run since, and of those who are out and still let in."""
    return [
        f"{host} is no member of {name} any more, and no run has had it since: it keeps {_belongings(entry)}. Run the"
        " playbook site_to_site on it, or remove its entry from the registry if there is no such host any more"
        for name, pinned in registry.items()
        for host, entry in pinned.members.items()
        if entry.departed and entry.interface
    ] + [
        f"{link.host} still lets {link.peer} in. Run the playbook site_to_site on {link.host}"
        for link in links
        if link.state == STILL_LET_IN
    ]


def _revoked(
    network: str, before: Pinned, after: Pinned, attendance: Attendance, asked: Collection[str]
) -> Iterator[str]:
    for name, entry in after.clients.items():
        again = before.clients.get(name, entry).reserved_until is not None
        if entry.reserved_until is None or (again and f"{network}/{name}" not in asked):
            continue
        absent = [server for server in entry.servers if _may_serve(after, server, attendance)]
        addresses = " ".join(str(address) for address in entry.addresses)
        kept = f"nobody else gets {addresses} until {entry.reserved_until}"
        if absent and entry.public_key is not None:
            # Where an earlier run has revoked it, a run may have had them since.
            state = "may still be let in" if again else "still let in"
            yield f"{network}/{name} is revoked, and {state}: {attendance.words(absent)}"
            yield f"{network}/{name}: {kept}"
        else:
            yield f"{network}/{name} is revoked, and {kept}"


def _may_serve(pinned: Pinned, server: str, attendance: Attendance) -> bool:
    return server not in attendance.done and bool(pinned.members.get(server, Entry()).interface)


def _departed(network: str, before: Pinned, after: Pinned, attendance: Attendance) -> Iterator[str]:
    for name, entry in after.members.items():
        left_now = entry.departed and not before.members.get(name, entry).departed
        if left_now and entry.interface and name not in attendance.done:
            yield (
                f"{name} is no member of {network} any more and keeps {_belongings(entry)}: {attendance.words([name])}"
            )


def _belongings(entry: Entry) -> str:
    interfaces = _names([*entry.former_interfaces, entry.interface])
    return interfaces + (", its default route there and the kill switch" if entry.default_route else "")


def _renumbered(network: Network, before: Pinned, after: Pinned, attendance: Attendance) -> Iterator[str]:
    """Tell that addresses are no part of a pool any more, which moves all who have them without a word otherwise."""
    clients = {name: _new_addresses(network, before.clients.get(name), after.clients[name]) for name in network.clients}
    members = {name: _new_addresses(network, before.members.get(name), after.members[name]) for name in network.members}
    count = sum([*clients.values(), *members.values()])
    if not count:
        return
    moved = [name for name, number in clients.items() if number]
    outside = [name for name, number in members.items() if number and network.members[name].external]
    errands = [("hand", moved, "its new file", "their new files")]
    errands += [("tell", outside, "its new address", "their new addresses")]
    steps = [f"{what} {_names(names)} {_verb(names, one, many)}" for what, names, one, many in errands if names]
    advice = f"; {' and '.join(steps)}" if steps else ""
    yield f"{network.name}: the pool changed, and {count} {'address is' if count == 1 else 'addresses are'} new{advice}"
    absent = [name for name in members if name not in outside and name not in attendance.done]
    if absent:
        keep, them = _verb(absent, "does", "do"), _verb(absent, "it", "them")
        yield f"{network.name}: {attendance.words(absent)}, and {keep} not know the new addresses. Run {them} too"


def _new_addresses(network: Network, before: Entry | ClientEntry | None, after: Entry | ClientEntry) -> int:
    """Count the addresses that someone has in place of those that are in no pool any more."""
    earlier = {} if before is None else {address.packed: address for address in before.addresses}
    now = {address.packed for address in after.addresses}
    lost = [address for packed, address in earlier.items() if packed not in now]
    if all(any(pool.contains(address.host) for pool in network.pools) for address in lost):
        return 0
    return len(now - earlier.keys())


def _unheard_of(network: Network, before: Pinned, after: Pinned, attendance: Attendance) -> Iterator[str]:
    # Once for each: with thousands of members, who reaches whom is too much to ask for every pair.
    away = {
        other: reach(network, other)
        for other, member in network.members.items()
        if not member.external and other not in attendance.done
    }
    for name in _newly_known(network, before, after, attendance) if away else ():
        absent = [other for other, peers in away.items() if name in peers and other != name]
        if absent:
            them = "it" if len(absent) == 1 else "them"
            yield (
                f"{name} is new in {network.name}: {attendance.words(absent)}, and {_verb(absent, 'does', 'do')} not"
                f" know its key. Run {them} too"
            )


def _newly_known(network: Network, before: Pinned, after: Pinned, attendance: Attendance) -> Iterator[str]:
    """Give the members of the run whose key is another one than before."""
    for name, member in network.members.items():
        earlier, now = before.members.get(name, Entry()), after.members[name].public_key
        was = None if earlier.departed else earlier.public_key
        if not member.external and now is not None and was != now and name in attendance.done:
            yield name


def _names(names: list[str]) -> str:
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verb(names: list[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
