# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of an interface and routes through it, as rows.

Rules of this file: no input or output. What is ours says so in its comment. Dynamic rows are the router's own and are
passed over. A row that is disabled is not there, but it is in the way of another like it: its place is known, so that
it can be enabled instead. Of an interface that someone has removed, a router keeps all rows, with an id that leads
nowhere in place of the name: our comment tells whose they were.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Collection, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import (
    decode_flag,
    decode_number,
    parsed,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import T
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import MAIN_TABLE, Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    parse_interface_address,
    parse_prefix,
)

Row = Dict[str, str]
Attributes = List[Tuple[str, str]]

ADDRESSES = {4: "/ip/address", 6: "/ipv6/address"}
ROUTES = {4: "/ip/route", 6: "/ipv6/route"}
TABLES = "/routing/table"

ADDRESS_WORDS = (".id", "address", "interface", "comment", "disabled", "dynamic")
ROUTE_WORDS = (
    ".id", "dst-address", "gateway", "routing-table", "distance", "blackhole", "comment", "disabled", "connect",
)  # fmt: skip
_MAIN = "main"
_DEFAULT_DISTANCE = 1
_DANGLING = re.compile(r"\*[0-9A-F]+")


class Place(NamedTuple):
    """Where a row is: its menu and its id. One that is disabled, or does nothing else of use, is not in force.

    `foreign` has not our comment.
    """

    menu: str
    id: str
    disabled: bool = False
    blackhole: bool = False
    foreign: bool = False


def route_tag(interface: str) -> str:
    """Give the comment of our routes through an interface."""
    return f"wgfleet {interface}: route"


def address_tag(interface: str) -> str:
    """Give the comment of addresses that we put on an interface."""
    return f"wgfleet {interface}: address"


def lost_ids(name: str, addresses: Mapping[int, Sequence[Row]], routes: Mapping[int, Sequence[Row]]) -> list[str]:
    """Give the ids that an interface of this name had before someone removed it, by what of ours still bears them."""
    ours = [row.get("interface", "") for row in chain(*addresses.values()) if row.get("comment") == address_tag(name)]
    ours += [row.get("gateway", "") for row in chain(*routes.values()) if row.get("comment") == route_tag(name)]
    return sorted({each for each in ours if _DANGLING.fullmatch(each)})


def decode_addresses(
    name: str, lost: Collection[str], addresses: Mapping[int, Sequence[Row]]
) -> dict[InterfaceAddress, list[Place]]:
    """Give the addresses of an interface; those that it had under an id that is lost are not in force."""
    found: dict[InterfaceAddress, list[Place]] = {}
    for version, rows in addresses.items():
        for row in rows:
            address = parsed(row.get("address"), parse_interface_address)
            owner = row.get("interface", "")
            if owner in (name, *lost) and not decode_flag(row.get("dynamic")) and address is not None:
                disabled = decode_flag(row.get("disabled")) or owner != name
                foreign = row.get("comment") != address_tag(name)
                place = Place(ADDRESSES[version], row[".id"], disabled, foreign=foreign)
                found.setdefault(address, []).append(place)
    return found


def decode_routes(name: str, routes: Mapping[int, Sequence[Row]]) -> dict[Route, list[Place]]:
    """Give our routes through an interface; one that leads elsewhere by now is ours, too, and not in force."""
    found: dict[Route, list[Place]] = {}
    for version, rows in routes.items():
        for row in rows:
            route = _decode_route(row)
            if row.get("comment") == route_tag(name) and route is not None:
                blackhole = "blackhole" in row  # without a value: a switch
                disabled = decode_flag(row.get("disabled")) or row.get("gateway") != name or blackhole
                found.setdefault(route, []).append(Place(ROUTES[version], row[".id"], disabled, blackhole))
    return found


def _decode_route(row: Row) -> Route | None:
    destination = parsed(row.get("dst-address"), parse_prefix)
    table = row.get("routing-table", _MAIN)
    distance = decode_number(row.get("distance"))
    if destination is None:
        return None
    # A table of a name that is no number is none that could be declared.
    number = MAIN_TABLE if table == _MAIN else decode_number(table)
    return Route(destination, number, 0 if distance == _DEFAULT_DISTANCE else distance)


def in_force(places: Mapping[T, Sequence[Place]]) -> frozenset[T]:
    """Give what stands: of which at least one row is in force."""
    return frozenset(key for key, found in places.items() if not all(place.disabled for place in found))


def idle(places: Mapping[T, Sequence[Place]]) -> frozenset[T]:
    """Give of what nothing is in force and something is ours."""
    return frozenset(key for key in places.keys() - in_force(places) if removable(places[key]))


def removable(places: Sequence[Place]) -> list[Place]:
    """Give the rows of an address or a route that go with it: all, or where none is in force, only ours."""
    return [place for place in places if not place.foreign or not all(each.disabled for each in places)]


def table_name(route: Route) -> str:
    """Give the name of the table in which a route is."""
    return _MAIN if route.table == MAIN_TABLE else str(route.table)


def obstacles(name: str, rows: Iterable[Row], routes: Collection[Route]) -> Iterator[str]:
    """Tell which rows of others are in the place of routes that are to be made.

    Of two routes to one place, a router uses both in turn. One through this very interface is not ours, either, as
    long as it has not our comment: it would be left over when ours goes. What is ours by another interface goes with
    that, as in a check of the run that gives an interface another name. The router makes one by itself for each
    address, and uses it before any other: that of this interface leads where ours does.
    """
    for row in rows:
        if _decode_route(row) not in routes or row.get("comment") in (
            route_tag(name),
            route_tag(row.get("gateway", "")),
        ):
            continue
        if decode_flag(row.get("connect")):
            if row.get("gateway") != name:
                yield _connected(row)
            continue
        where = f"{row.get('dst-address')} by {row.get('gateway') or 'no gateway'}"
        if row.get("gateway") == name:
            yield (
                f"the router has a route of someone else like ours: {where}; remove it, or let it be ours: give it"
                f" comment='{route_tag(name)}'"
            )
        elif not decode_flag(row.get("disabled")):
            yield (
                f"the router has routes of someone else in the place of ours: {where}; remove them, or give ours"
                " another route_metric"
            )


def _connected(row: Row) -> str:
    destination, interface = row.get("dst-address"), row.get("gateway") or "another interface"
    return (
        f"the router is in {destination} itself, by an address on {interface}, so that nothing to it would enter the"
        f" tunnel: leave it out, or take that address off {interface}"
    )


def encode_address(address: InterfaceAddress, interface: str) -> Attributes:
    """Encode a new address. A tunnel has no neighbours that an IPv6 address could be advertised to."""
    rest = [("advertise", "no")] if address.version == 6 else []
    return [("address", str(address)), ("interface", interface), ("comment", address_tag(interface)), *rest]


def encode_route(route: Route, interface: str) -> Attributes:
    """Encode a new route through the interface, with our tag."""
    return [
        ("dst-address", str(route.destination)),
        ("gateway", interface),
        ("routing-table", table_name(route)),
        ("distance", str(route.metric or _DEFAULT_DISTANCE)),
        ("comment", route_tag(interface)),
    ]
