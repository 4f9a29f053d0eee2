# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A split tunnel on a router.

Rules of this file: nothing is compared. All menus are read in one round trip. The entries of a list are written
together; rows whose order counts one after the other, because a router may carry out commands side by side. A row that
differs is made anew, so that nothing that someone added to it stays.
"""

from __future__ import annotations

import itertools
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.prefix_sources import settle
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
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import owner_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.split.rows import (
    ENTRY,
    FILTER,
    KINDS,
    MANGLE,
    MENUS,
    NAMES,
    NAT,
    TABLE,
    Wanted,
    anchor,
    attributes_of,
    content_of,
    entries_of,
    entry_attributes,
    entry_content,
    fasttracks,
    is_fetched,
    label_of,
    part_name,
    sources_of,
    turn_of,
    user_of,
    wanted_rows,
    words_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import (
    decode_flag,
    decode_number,
    parsed,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    NoSuchInterface,
    Problem,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import (
    DropPart,
    PartKey,
    Parts,
    PartStep,
    PutPart,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    SplitTunnel,
    whole_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import aggregate, range_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Prefix,
    parse_interface_address,
    parse_prefix,
)

_PLACED = (NAT, FILTER, MANGLE, NAMES)  # their order counts
_MISPLACED = "misplaced"
_INTERFACES = "/interface/wireguard"
_ADDRESSES = {4: "/ip/address", 6: "/ipv6/address"}


class RouterosSplitTunnel:
    """The split tunnel through the interface that is named in `wanted`."""

    kinds: Sequence[str] = KINDS

    def __init__(self, wanted: SplitTunnel, console: Console, check_mode: bool) -> None:
        self._wanted = wanted
        self._name = wanted.interface
        self._console = console
        self._is_check = check_mode
        self._rows: dict[str, dict[int, Rows]] = {}
        self._rows_wanted: dict[PartKey, Wanted] = {}
        self._places: dict[PartKey, tuple[str, str]] = {}
        self._removed: set[str] = set()
        self.warnings: list[str] = []

    def desire(self) -> Parts:
        """Give the parts that shall stand. Reads the router and the sources. Raises WireguardError."""
        if not self._wanted.present:
            return {}
        problems = [
            Problem(f"dns[{index}].servers", "has several: a router forwards a domain to one server")
            for index, each in enumerate(self._wanted.dns)
            if len(each.servers) > 1
        ]
        if problems:
            raise InvalidInput(problems)
        observed = self.read()
        port, versions = self._interface()
        parts: dict[PartKey, str] = {}
        if self._wanted.routes:
            for prefix, content in entries_of(whole_set(self._wanted, ()), self._fetched(observed)).items():
                if prefix.version in versions:
                    parts[PartKey(ENTRY, str(prefix))] = content
        tracked = [version for version, rows in self._rows[FILTER].items() if fasttracks(rows)]
        for each in wanted_rows(self._wanted, versions, port, tracked):
            key = PartKey(each.kind, each.name)
            self._rows_wanted[key] = each
            parts[key] = content_of(each.kind, dict(attributes_of(each, self._name)))
        return parts

    def read(self) -> Parts:
        """Observe the parts that are ours."""
        self._print()
        self._places = {}
        parts: dict[PartKey, str] = {}
        for kind, version, row in self._all_rows():
            key, content = self._part(kind, version, row)
            if key is None:
                continue
            while key in parts:  # a second one of the same name is one too many
                key = PartKey(kind, f"{key.name} again")
            parts[key] = content
            self._places[key] = (MENUS[kind][version], row[".id"])
        for key in self._misplaced(parts):
            parts[key] = _MISPLACED
        return parts

    def apply(self, steps: Sequence[PartStep]) -> int:
        """Carry out the steps in their order and give the number of writes."""
        writes = 0
        self._removed = set()
        for (kind, is_drop), group in itertools.groupby(steps, _kind_and_verb):
            some = list(group)
            keys = [step.key for step in some]
            if is_drop:
                writes += self._remove(keys)
            elif kind == ENTRY:
                writes += self._remove([key for key in keys if key in self._places])
                writes += self._write([self._entry(step) for step in some if isinstance(step, PutPart)])
            else:
                writes += sum(self._put(key) for key in keys)
        return writes

    def words(self, steps: Sequence[PartStep]) -> list[dict[str, Any]]:
        """Give steps as dictionaries: `do`, and what it does it to; of entries their number only."""
        words: list[dict[str, Any]] = []
        for (kind, is_drop), group in itertools.groupby(steps, _kind_and_verb):
            verb, names = "remove" if is_drop else "put", [step.key.name for step in group]
            if kind == ENTRY:
                words.append({"do": f"{verb}_entries", "name": label_of(self._name), "count": len(names)})
            else:
                words += [{"do": f"{verb}_{kind}", "name": name} for name in names]
        return words

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._console.close()

    def _print(self) -> None:
        places = [(kind, version, path) for kind, menus in MENUS.items() for version, path in menus.items()]
        menus = [
            Menu(
                path,
                (".id", "comment", "disabled", "dynamic", *words_of(kind, version, self._console.release)),
                match("list", label_of(self._name)) if kind == ENTRY else (),
            )
            for kind, version, path in places
        ]
        self._rows = {}
        for (kind, version, _path), rows in zip(places, self._console.print(menus)):
            self._rows.setdefault(kind, {})[version] = rows

    def _all_rows(self) -> Iterable[tuple[str, int, dict[str, str]]]:
        return (
            (kind, version, row)
            for kind, by_version in self._rows.items()
            for version, rows in by_version.items()
            for row in rows
            if not decode_flag(row.get("dynamic"))
        )

    def _part(self, kind: str, version: int, row: dict[str, str]) -> tuple[PartKey | None, str]:
        if kind == ENTRY:
            prefix = parsed(row.get("address"), parse_prefix)
            name = str(prefix) if prefix else row.get("address", "")
            return PartKey(kind, name), entry_content(self._name, row)
        if owner_of(row) != user_of(self._name):
            return None, ""
        return PartKey(kind, part_name(version, row)), content_of(kind, row)

    def _misplaced(self, parts: Parts) -> list[PartKey]:
        """Give the rules of ours that stand behind someone else's who takes their packets, or in another order."""
        late = []
        for kind in _PLACED:
            for version, rows in self._rows[kind].items():
                ours = {self._places[key][1]: key for key in parts if key.kind == kind and key.name[0] == str(version)}
                ids = [row[".id"] for row in rows]
                for chain in {row.get("chain", "") for row in rows}:
                    keys = [ours[row[".id"]] for row in rows if row[".id"] in ours and row.get("chain", "") == chain]
                    late += keys if keys != sorted(keys, key=lambda key: turn_of(*key)) else []
                for row in rows:
                    wall = anchor(kind, rows, row.get("chain", "")) if row[".id"] in ours else ""
                    if wall and ids.index(wall) < ids.index(row[".id"]):
                        late.append(ours[row[".id"]])
        return late

    def _interface(self) -> tuple[int, list[int]]:
        """Give the port of the interface and the IP versions that are split. Raises NoSuchInterface."""
        by_interface = match("interface", self._name)
        menus = [
            Menu(_INTERFACES, ("name", "listen-port"), match("name", self._name)),
            *(Menu(path, ("address",), by_interface) for path in _ADDRESSES.values()),
        ]
        interfaces, *addresses = self._console.print(menus)
        if not interfaces and not self._is_check:
            raise NoSuchInterface(f"the interface {self._name} does not exist; make it with routeros_interface")
        found = {version for version, rows in zip(_ADDRESSES, addresses) if any(map(_is_global, rows))}
        families = self._wanted.families
        versions = [FAMILIES[each] for each in families] if families is not None else sorted(found)
        if families is None and not interfaces:
            versions = list(_ADDRESSES)
        return decode_number(interfaces[0].get("listen-port")) if interfaces else 0, versions

    def _fetched(self, observed: Parts) -> Sequence[Prefix]:
        """Give what files and statistics name, or what they did when they could be had and believed last."""
        entries = [
            parsed(key.name, parse_prefix)
            for key, content in observed.items()
            if key.kind == ENTRY and is_fetched(content)
        ]
        earlier = aggregate(range_of(prefix) for prefix in entries if prefix)
        mark = f'= {sources_of(self._wanted)}"'
        same = any(key.kind == TABLE and mark in content for key, content in observed.items())
        settled = settle(self._wanted, earlier, same)
        if settled.kept_because:
            self.warnings.append(f"the earlier set is kept ({len(earlier)} prefixes): {settled.kept_because}")
        return settled.prefixes

    def _write(self, commands: Sequence[Command]) -> int:
        self._console.write(commands)
        return len(commands)

    def _remove(self, keys: Sequence[PartKey]) -> int:
        commands = [remove_row(*self._places[key]) for key in keys]
        self._removed |= {self._places[key][1] for key in keys}
        self._console.write(commands, gone_is_done=True)
        return len(commands)

    def _entry(self, step: PutPart) -> Command:
        prefix = parse_prefix(step.key.name)
        attributes = entry_attributes(self._name, prefix, step.content)
        return Command(MENUS[ENTRY][prefix.version] + "/add", attributes)

    def _put(self, key: PartKey) -> int:
        wanted = self._rows_wanted[key]
        path, attributes = MENUS[wanted.kind][wanted.version], attributes_of(wanted, self._name)
        place = self._places.get(key)
        if place and wanted.kind == TABLE:  # routes and rules hang on it
            return self._write([set_row(*place, [*attributes, ("disabled", "no")])])
        removed = self._remove([key]) if place else 0
        if wanted.kind in _PLACED:
            before = self._place_of(wanted, dict(attributes).get("chain", ""))
            attributes += [("place-before", before)] if before else []
        return removed + self._write([Command(path + "/add", attributes)])

    def _place_of(self, wanted: Wanted, chain: str) -> str:
        """Give the id before which a row goes: someone else's that would take its packets, or ours that comes later."""
        rows = self._rows[wanted.kind][wanted.version]
        ours = {row[".id"]: part_name(wanted.version, row) for row in rows if owner_of(row) == user_of(self._name)}
        turn = turn_of(wanted.kind, wanted.name)
        later = [
            row[".id"]
            for row in rows
            if row.get("chain", "") == chain
            and row[".id"] in ours.keys() - self._removed
            and turn_of(wanted.kind, ours[row[".id"]]) > turn
        ]
        return _first(rows, [anchor(wanted.kind, rows, chain), *later])


def _first(rows: Rows, ids: Sequence[str]) -> str:
    """Give the id that stands first; empty for none."""
    return next((row[".id"] for row in rows if row[".id"] in ids), "")


def _kind_and_verb(step: PartStep) -> tuple[str, bool]:
    """Give by what steps are taken together: their kind, and whether they drop."""
    return step.key.kind, isinstance(step, DropPart)


def _is_global(row: Mapping[str, str]) -> bool:
    address = parsed(row.get("address"), parse_interface_address)
    return address is not None and not address.ip.is_link_local


def open_split_tunnel(wanted: SplitTunnel, params: Mapping[str, Any], check_mode: bool) -> RouterosSplitTunnel:
    """Log in as a module's parameters say."""
    return RouterosSplitTunnel(wanted, open_console(params), check_mode)
