# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that read items: print, getall, get, find (API manual, schema)."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.item_commands import refuse_unknown, selected
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.queries import matches
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import (
    Trap,
    missing_arguments,
    unknown_parameter,
)

_OPTIONS = (
    "count-only", "detail", "terse", "as-value", "without-paging", "from", "file", "append", "brief", "value-list",
    "follow", "follow-only", "interval",
)  # fmt: skip
_FIREWALL_OPTIONS = ("all", "chain", "dynamic", "static", "stats")


def _check(router: Router, menu: Menu, request: Request) -> None:
    known = [*_OPTIONS, *(_FIREWALL_OPTIONS if "/firewall/" in menu.path else ())]
    if menu.secrets and router.profile.since(7, 21):
        known.append("show-sensitive")
    refuse_unknown(request, (*known, ".id"))
    asked = request.attributes.get(".proplist")
    if asked and router.profile["unknown-proplist"] == "trap":
        names = {each.name for each in menu.fields} | {".id"}
        for name in asked.split(","):
            if name not in names:
                raise unknown_parameter(name)


def _revealing(router: Router, caller: Caller, request: Request) -> bool:
    if not caller.may("sensitive"):
        return False
    hidden = router.profile.since(7, 21) and router.profile["secrets-in-print"] == "hidden"
    return not hidden or "show-sensitive" in request.attributes


def _narrowed(row: dict[str, str], proplist: str | None) -> dict[str, str]:
    if not proplist:
        return row
    return {name: row[name] for name in proplist.split(",") if name in row}


def print_(router: Router, caller: Caller, request: Request) -> Reply:
    """Give the items that pass the query, or their number."""
    menu = router.menus[request.menu]
    _check(router, menu, request)
    reveal = _revealing(router, caller, request)
    rows = selected(router, request) if request.attributes.get(".id") else router.rows(menu.path)
    empty = router.profile["absent-equals-empty"] == "yes"
    shown = [router.printed(menu.path, row, reveal) for row in rows]
    found = [row for row in shown if matches(request.queries, row, empty)]
    if "count-only" in request.attributes:
        return Reply(ret=str(len(found)))
    return Reply([_narrowed(row, request.attributes.get(".proplist")) for row in found], data=True)


def find(router: Router, _caller: Caller, request: Request) -> Reply:
    """Give the ids of all items."""
    return Reply(ret=";".join(row.id for row in router.rows(request.menu)))


def get(router: Router, caller: Caller, request: Request) -> Reply:
    """Give one value."""
    menu = router.menus[request.menu]
    refuse_unknown(request, (".id", "numbers", "value-name"))
    name = request.attributes.get("value-name")
    if name is None:
        raise missing_arguments(["value-name"])
    if menu.field(name) is None and name != ".id":
        raise Trap("unknown value name")
    row = (router.rows(menu.path) if menu.singleton else selected(router, request))[0]
    return Reply(ret=router.printed(menu.path, row, _revealing(router, caller, request)).get(name, ""))
