# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a router and what else makes it a gateway, for whoever needs it.

Rules of this file: nothing is compared. Everything is read in one round trip. Steps of one kind are written in one, and
awaited before those of the next.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import (
    Console,
    Menu,
    Rows,
    match,
    open_console,
    remove_row,
    set_row,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import (
    MEMBER_WORDS,
    MEMBERS,
    MENUS,
    decode_filter,
    encode_entry,
    encode_member,
    encode_note,
    member_of,
    owner_of,
    traffic_of,
    words_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.placement import find_wall
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.setting_rows import (
    ARP_MENUS,
    DNS,
    FORWARDING,
    ON,
    PROXY_ARP,
    arp_of,
    decode_notes,
    decode_values,
    note_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.ways_out import (
    ROUTES,
    WAY_WORDS,
    way_out,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import GatewayState, GatewayStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    INPUT,
    TABLES,
    AddEntry,
    AddMember,
    Clamp,
    Entry,
    Handle,
    Member,
    MoveEntry,
    Opening,
    ProxyNdp,
    RemoveEntry,
    RemoveMember,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import (
    AddNote,
    ChangeSetting,
    Note,
    RemoveNote,
    Settings,
)

_FILTER = MENUS["filter", 4]  # where notes are, too
_INTERFACES = "/interface"
LISTS = "/interface/list"
_MENUS = (
    Menu(MEMBERS, MEMBER_WORDS),
    Menu(_INTERFACES, ("name", "type")),
    *(Menu(path, WAY_WORDS, match("dst-address", prefix)) for path, prefix in ROUTES.values()),
    *(Menu(setting.menu, (setting.name,)) for setting in (*FORWARDING.values(), DNS)),
    *(Menu(path, ("name", "arp")) for path in ARP_MENUS.values()),
)
# Steps that need nothing of each other.
_GROUPS: Sequence[tuple[type, ...]] = (
    (AddEntry, MoveEntry, AddMember),
    (RemoveEntry, RemoveMember),
    (AddNote,),
    (ChangeSetting,),
    (RemoveNote,),
)
_REMOVALS = (RemoveEntry, RemoveMember, RemoveNote)


class MemberRow(NamedTuple):
    """Where a member is, whose it is, and whether someone has turned it off."""

    id: str
    owner: str
    disabled: bool


class RouterosGateway:
    """The gateway of the router behind a console, for the user `name`.

    `making` is an interface that will be there when the gateway is made, whether or not it is now.
    """

    def __init__(self, name: str, console: Console, making: str = "") -> None:
        self._name = name
        self._making = making
        self._console = console
        self._printed: Mapping[str, Rows] = {}
        self._handed: Mapping[str, Rows] | None = None
        self._kinds: dict[str, str] = {}
        self._members: dict[Member, MemberRow] = {}
        self._notes: dict[Note, str] = {}

    @property
    def menus(self) -> Sequence[Menu]:
        """Give what a read prints."""
        release = self._console.release
        return (*(Menu(path, words_of(table, release)) for table, path in MENUS.items()), *_MENUS)

    def hand_over(self, printed: Mapping[str, Rows]) -> None:
        """Take what someone else has printed of our menus for the next read."""
        self._handed = printed

    def read(self) -> GatewayState:
        """Observe everything."""
        printed, self._handed = self._handed, None
        if printed is None:
            menus = self.menus
            printed = dict(zip([menu.path for menu in menus], self._console.print(menus)))
        self._printed = printed
        self._kinds = {row["name"]: row.get("type", "") for row in printed[_INTERFACES]}
        members = printed[MEMBERS]
        self._members = {
            member_of(row): MemberRow(row[".id"], owner_of(row), decode_flag(row.get("disabled"))) for row in members
        }
        self._notes = decode_notes(printed[_FILTER])
        ways = {version: way_out(printed[path]) for version, (path, _prefix) in ROUTES.items()}
        return GatewayState(
            decode_filter({table: printed[path] for table, path in MENUS.items()}, members),
            settings=Settings(decode_values(printed), tuple(self._notes)),
            ways_out={version: interface for version, interface in ways.items() if interface},
            interfaces=frozenset(self._kinds),
        )

    def refusals(self, needed: Needs) -> list[Problem]:
        """Refuse what routers have nothing for."""
        problems = []
        if needed.proxy_ndp:
            problems.append(Problem("proxy_ndp", "is unknown to RouterOS: route the addresses to this router instead"))
        for interface in sorted(needed.proxy_arp & self._kinds.keys()):
            if self._kinds[interface] not in ARP_MENUS:
                kinds = "an Ethernet port, a bridge nor a VLAN"
                problems.append(Problem("proxy_arp", f"{interface} is neither {kinds}, so that it can answer nobody"))
        problems += self._unknown_interfaces(needed)
        return problems + [Problem("list_members", each) for each in self._member_problems(needed)]

    def _unknown_interfaces(self, needed: Needs) -> Iterator[Problem]:
        """Tell which interfaces are not there: a router takes no rule and no member of one that it does not have."""
        known = {*self._kinds, self._making}
        for option, interface in dict.fromkeys(_interfaces_of(needed)):
            if interface not in known:
                yield Problem(option, f"there is no interface {interface}: make it first, or correct its name")

    def _member_problems(self, needed: Needs) -> Iterator[str]:
        """Tell which members cannot be made. Which lists there are is asked for only where a member is to be added."""
        for member in sorted(needed.members & self._members.keys()):
            row = self._members[member]
            if row.disabled and not row.owner:
                yield (
                    f"{member.interface} is in the list {member.list} already, in a row of someone else that is"
                    " disabled: enable or remove it (/interface list member)"
                )
        wanted = {member.list for member in needed.members - self._members.keys()}
        [lists] = self._console.print([Menu(LISTS, ("name",))]) if wanted else [[]]
        for name in sorted(wanted - {row["name"] for row in lists}):
            yield f"there is no interface list {name}: make it first (/interface list add name={name})"

    def adapt(self, needed: Needs) -> Needs:
        """Say with settings what is no matter of rules."""
        settings = {FORWARDING[family]: ON for family in needed.families}
        settings.update({arp_of(interface, self._kinds[interface]): PROXY_ARP for interface in needed.proxy_arp})
        settings.update({DNS: ON} if needed.answers_dns else {})
        return replace(needed, families=(), settings=settings)

    def wall_of(self, entry: Entry) -> Handle | None:
        """Give the first rule, of those that were read, that would take the packets of an entry away from it."""
        if isinstance(entry, ProxyNdp):
            return None
        table, version = TABLES[type(entry)], entry.version
        wall = find_wall(self._printed.get(MENUS[table, version], []), entry, self._kinds)
        return None if wall is None else Handle(table, version, wall)

    def apply(self, steps: Sequence[GatewayStep]) -> int:
        """Carry out the steps and give the number of writes."""
        self._handed = None
        for group, members in itertools.groupby(steps, _group_of):
            gone_is_done = _GROUPS[group][0] in _REMOVALS
            self._console.write([self._encode(step) for step in members], gone_is_done)
        return len(steps)

    def warnings(self) -> list[str]:
        """Nothing undoes at boot what a router keeps."""
        return []

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._console.close()

    def _encode(self, step: Any) -> Command:
        encode: dict[type, Callable[[Any], Command]] = {
            AddEntry: self._add,
            MoveEntry: lambda each: Command(
                _menu(each.handle) + "/move", [("numbers", each.handle.id), ("destination", each.before.id)]
            ),
            RemoveEntry: lambda each: remove_row(_menu(each.handle), each.handle.id),
            AddMember: self._add_member,
            RemoveMember: lambda each: remove_row(MEMBERS, self._members[each.member].id),
            AddNote: lambda each: Command(_FILTER + "/add", encode_note(self._name, note_text(each.note))),
            ChangeSetting: _change,
            RemoveNote: lambda each: remove_row(_FILTER, self._notes[each.note]),
        }
        return encode[type(step)](step)

    def _add_member(self, step: AddMember) -> Command:
        row = self._members.get(step.member)
        if row is None:
            return Command(MEMBERS + "/add", encode_member(step.member, self._name))
        return set_row(MEMBERS, row.id, [("disabled", "no")])

    def _add(self, step: AddEntry) -> Command:
        place = [("place-before", step.before.id)] if step.before else []
        if isinstance(step.entry, ProxyNdp):
            raise DeviceError(f"{step.entry} was not refused")
        menu = MENUS[TABLES[type(step.entry)], step.entry.version]
        return Command(menu + "/add", [*encode_entry(step.entry, self._name), *place])


def _interfaces_of(needed: Needs) -> Iterator[tuple[str, str]]:
    """Give the interfaces of rules and members, each with the option that names it."""
    for index, outbound in enumerate(needed.outbound):
        yield f"outbound[{index}].interface", outbound.interface
    for entry in needed.entries:
        packets = None if isinstance(entry, ProxyNdp) else traffic_of(entry)
        for interface in (packets.in_interface, packets.out_interface) if packets else ():
            if interface:
                yield _option_of(entry), interface
    for member in sorted(needed.members):
        yield "list_members", member.interface


def _option_of(entry: Entry) -> str:
    if isinstance(entry, Clamp):
        return "clamp_mss"
    if isinstance(entry, Opening) and entry.chain == INPUT:
        return "serve_dns" if entry.port else "accept_from"
    return "forward_pairs"


def _menu(handle: Handle) -> str:
    return MENUS[handle.table, handle.version]


def _change(step: ChangeSetting) -> Command:
    menu, name, row = step.setting
    value = {"true": "yes", "false": "no"}.get(step.value, step.value)
    # An id may be a name where rows have one (MikroTik manual, "API", "Command word").
    return set_row(menu, row, [(name, value)]) if row else Command(menu + "/set", [(name, value)])


def _group_of(step: GatewayStep) -> int:
    return next(index for index, kinds in enumerate(_GROUPS) if isinstance(step, kinds))


def open_gateway(name: str, params: Mapping[str, Any]) -> RouterosGateway:
    """Log in as a module's parameters say."""
    return RouterosGateway(name, open_console(params))
