# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether routes can be made on a router, before anything is written.

Rules of this file: it only reads, and only where there is something to make.
"""

from __future__ import annotations

import functools
import itertools
from typing import Iterable, Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import (
    Console,
    Menu,
    either,
    match,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.surroundings import (
    ROUTE_WORDS,
    ROUTES,
    TABLES,
    obstacles,
    table_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    MAIN_TABLE,
    Interface,
    Route,
)


def route_problems(console: Console, desired: DesiredInterface, observed: Interface) -> list[Problem]:
    """Tell what is in the way of the routes that are to be made."""
    known = observed.routes if observed.exists else frozenset()
    missing = frozenset() if isinstance(desired.routes, Unset) else desired.routes - known
    up = given(desired.up, observed.up if observed.exists else desired.start)
    if not missing or not desired.present or not up:
        return []
    destinations = functools.reduce(either, [match("dst-address", str(each.destination)) for each in sorted(missing)])
    menus = [Menu(path, ROUTE_WORDS, destinations) for path in ROUTES.values()]
    if any(route.table != MAIN_TABLE for route in missing):
        menus.append(Menu(TABLES, ("name", "fib", "disabled")))
    rows = dict(zip([menu.path for menu in menus], console.print(menus)))
    routes = itertools.chain.from_iterable(rows[path] for path in ROUTES.values())
    tables = {row["name"]: row for row in rows.get(TABLES, ())}
    others = [Problem("routes", each) for each in obstacles(desired.name, routes, missing)]
    return others + [Problem("route_table", each) for each in _useless_tables(missing, tables)]


def _useless_tables(routes: Iterable[Route], tables: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Tell which tables route nothing, though a route in them is taken (MikroTik manual, "IP Routing")."""
    for name in sorted({table_name(route) for route in routes if route.table != MAIN_TABLE}):
        table = tables.get(name)
        if table is None:
            yield f"the router has no routing table {name}: make it first (/routing table add name={name} fib)"
        elif decode_flag(table.get("disabled")):
            yield f"the routing table {name} is disabled, so that nothing is routed by it: enable it (/routing table)"
        elif "fib" not in table:  # a switch, which has no value
            yield (
                f"the routing table {name} has no fib, so that nothing is routed by it: give it one"
                f" (/routing table set {name} fib)"
            )
