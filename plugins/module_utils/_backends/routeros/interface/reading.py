# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what concerns WireGuard interfaces: each menu is printed once, and all in one round trip.

Rules of this file: it only reads. More is asked for only where rows of ours show that someone has removed the interface
that they hung on: then what else bears its id is printed, too.
"""

from __future__ import annotations

import functools
from typing import Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import (
    COMMENTED,
    Console,
    Menu,
    Rows,
    either,
    match,
    merged,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import MENUS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.gateway import (
    RouterosGateway,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.rows import (
    INTERFACES,
    PEERS,
    Printed,
    interface_words,
    peer_words,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.surroundings import (
    ADDRESS_WORDS,
    ADDRESSES,
    ROUTE_WORDS,
    ROUTES,
    address_tag,
    lost_ids,
    route_tag,
)

RULES = MENUS["filter", 4]


class Read(NamedTuple):
    """What was printed, and the type that an interface of this name has among all, empty for none."""

    printed: Printed
    kind: str = ""


def read_menus(console: Console, name: str | None, beside: RouterosGateway | None = None) -> Read:
    """Print all that concerns one interface; without a name, that of all.

    What a gateway beside it reads is printed along and handed over.
    """
    by_name, by_interface = (match(word, name) if name else () for word in ("name", "interface"))
    addresses_of = either(by_interface, match("comment", address_tag(name))) if name else ()
    routes_of = either(match("gateway", name), match("comment", route_tag(name))) if name else COMMENTED
    release = console.release
    menus = [
        Menu("/interface", ("name", "type"), by_name),
        Menu(INTERFACES, interface_words(release), by_name, secrets=True),
        Menu(PEERS, peer_words(release), by_interface, secrets=True),
        *(Menu(path, ADDRESS_WORDS, addresses_of) for path in ADDRESSES.values()),
        *(Menu(path, ROUTE_WORDS, routes_of) for path in ROUTES.values()),
        Menu(RULES, (".id", "comment"), COMMENTED),  # an interface without routes is known to be ours by its openings
    ]
    asked = merged([*menus, *(beside.menus if beside else ())])
    rows = dict(zip([menu.path for menu in asked], console.print(asked)))
    if beside:
        beside.hand_over(rows)
    kinds, interfaces, peers, *around = (rows[menu.path] for menu in menus)
    kind = next((row.get("type", "") for row in kinds if row.get("name") == name), "")
    addresses, routes = dict(zip(ADDRESSES, around[:2])), dict(zip(ROUTES, around[2:4]))
    printed = Printed(interfaces, peers, addresses, routes, around[4])
    return Read(_with_lost(console, printed, lost_ids(name, addresses, routes)) if name else printed, kind)


def _with_lost(console: Console, printed: Printed, lost: Sequence[str]) -> Printed:
    """Print what bears the ids that the interface had before someone removed it."""
    if not lost:
        return printed
    by_id = functools.reduce(either, [match("interface", each) for each in lost])
    menus = [Menu(PEERS, peer_words(console.release), by_id, secrets=True)]
    menus += (Menu(path, ADDRESS_WORDS, by_id) for path in ADDRESSES.values())
    peers, *more = console.print(menus)
    return printed._replace(
        peers=_joined(printed.peers, peers),
        addresses={version: _joined(printed.addresses[version], rows) for version, rows in zip(ADDRESSES, more)},
        lost=lost,
    )


def _joined(rows: Sequence[Mapping[str, str]], more: Sequence[Mapping[str, str]]) -> Rows:
    return [dict(row) for row in {row[".id"]: row for row in (*rows, *more)}.values()]
