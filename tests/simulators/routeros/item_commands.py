# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that change items: add, set, unset, reset, remove, enable, disable, comment, move (API manual).

Rules of this file: checks come in an order that is inferred, and nothing is stored once one of them traps.
"""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.behaviours import Write, complete, followers
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Presence
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import (
    Trap,
    invalid,
    missing_arguments,
    unknown_parameter,
)

SELECTORS = (".id", "numbers")


def refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """Trap the first argument that is not known; those of the API itself start with a dot."""
    for name in request.attributes:
        if name not in known and not (name.startswith(".") and name != ".id"):
            raise unknown_parameter(name)


def _settable(menu: Menu) -> list[str]:
    return [each.name for each in menu.fields if not each.read_only]


def selected(router: Router, request: Request, optional: bool = False) -> list[Row]:
    """Give the items that a request names by id, name or (``numbers`` only) position."""
    named = [request.attributes[name] for name in SELECTORS if request.attributes.get(name)]
    if not named:
        if optional:
            return []
        raise missing_arguments([".id"])
    rows = []
    for identity in named[0].split(","):
        stored = router.rows(request.menu)
        if ".id" not in request.attributes and identity.isdigit() and int(identity) < len(stored):
            rows.append(stored[int(identity)])
        else:
            rows.append(router.item(request.menu, identity))
    return rows


def _refuse_system(router: Router, rows: list[Row], switch: str) -> None:
    if any(row.system for row in rows):
        raise Trap(router.profile[switch])


def parsed(router: Router, menu: Menu, texts: dict[str, str]) -> dict[str, str]:
    """Give the canonical texts of arguments: names and enumerations are checked before formats (inferred)."""
    stored = {}
    for named in (True, False):
        for each in menu.fields:
            if each.name in texts and each.kind.named is named:
                stored[each.name] = each.kind.parse(texts[each.name], router.place(each.name))
    return stored


def _kept(menu: Menu, values: dict[str, str]) -> dict[str, str]:
    """Drop what is set to nothing: that is unset (terraform-routeros)."""
    presence = {each.name for each in menu.fields if isinstance(each.kind, Presence)}
    required = {each.name for each in menu.fields if each.required}
    return {name: text for name, text in values.items() if text or name in presence or name in required}


def add(router: Router, caller: Caller, request: Request) -> Reply:
    """Make an item; a copy of another one where ``copy-from`` says so."""
    menu = router.menus[request.menu]
    special = ("copy-from", *(("place-before",) if menu.ordered else ()))
    refuse_unknown(request, (*_settable(menu), *special))
    texts = {name: text for name, text in request.attributes.items() if name not in special and name[0] != "."}
    source = request.attributes.get("copy-from")
    base = dict(router.item(menu.path, source).values) if source else {}
    if missing := [each.name for each in menu.fields if each.required and each.name not in texts | base]:
        raise missing_arguments(missing)
    values = _kept(menu, {**base, **parsed(router, menu, texts)})
    before = _place_before(router, menu, request.attributes.get("place-before"))
    complete(Write(router, caller, None, values, frozenset(texts)), menu.path)
    row = Row(menu.path, router.store.new_id(menu.path), values)
    router.store.insert(row, None if before is None else router.store.rows[menu.path].index(before))
    return Reply(ret=row.id)


def _place_before(router: Router, menu: Menu, identity: str | None) -> Row | None:
    """Give the item before which another shall stand; nothing goes before fasttrack's dummy (cs-routeros-bouncer)."""
    if not identity:
        return None
    row = router.item(menu.path, identity)
    if row.system:
        raise Trap(router.profile["before-dummy"])
    return row


def _change(router: Router, caller: Caller, rows: list[Row], texts: dict[str, str | None]) -> None:
    """Give items other values, None for none at all; either all of them change or none."""
    _refuse_system(router, rows, "change-dynamic")
    changes = []
    for row in rows:
        menu = router.menus[row.menu]
        for name, text in texts.items():
            each = menu.field(name)
            if each is None or each.read_only:
                raise unknown_parameter(name)
            if text is None and each.required:
                raise invalid(name)
        given = {name: text for name, text in texts.items() if text is not None}
        left = {name: text for name, text in row.values.items() if name not in texts}
        values = _kept(menu, {**left, **parsed(router, menu, given)})
        complete(Write(router, caller, row, values, frozenset(texts)), menu.path)
        changes.append((row, values))
    for row, values in changes:
        router.store.replace(row, values)


def set_(router: Router, caller: Caller, request: Request) -> Reply:
    """Change properties; ``!name`` unsets one."""
    menu = router.menus[request.menu]
    texts: dict[str, str | None] = {}
    for name, text in request.attributes.items():
        if name not in SELECTORS and name[0] != ".":
            texts[name.removeprefix("!")] = None if name.startswith("!") else text
    for name in texts:
        if name not in _settable(menu):
            raise unknown_parameter(name)
    rows = router.rows(menu.path) if menu.singleton else selected(router, request)
    _change(router, caller, rows, texts)
    return Reply()


def unset(router: Router, caller: Caller, request: Request) -> Reply:
    """Take values away, those that ``value-name`` lists."""
    refuse_unknown(request, (*SELECTORS, "value-name"))
    names = request.attributes.get("value-name")
    if not names:
        raise missing_arguments(["value-name"])
    _change(router, caller, selected(router, request), dict.fromkeys(names.split(",")))
    return Reply()


def reset(router: Router, caller: Caller, request: Request) -> Reply:
    """Take values away, those that are named as arguments (7.21 and newer)."""
    menu = router.menus[request.menu]
    refuse_unknown(request, (*SELECTORS, *_settable(menu)))
    names = [name for name in request.attributes if name not in SELECTORS and name[0] != "."]
    rows = router.rows(menu.path) if menu.singleton else selected(router, request)
    _change(router, caller, rows, dict.fromkeys(names))
    return Reply()


def remove(router: Router, _caller: Caller, request: Request) -> Reply:
    """Take items out; what a bad id in a list does to the others is a switch."""
    refuse_unknown(request, SELECTORS)
    if router.profile["remove-list"] == "until-error":
        listed = request.attributes.get(".id") or request.attributes.get("numbers") or ""
        for identity in filter(None, listed.split(",")):
            row = router.item(request.menu, identity)
            _delete(router, [row])
        return Reply()
    _delete(router, list({row.id: row for row in selected(router, request)}.values()))
    return Reply()


def _delete(router: Router, rows: list[Row]) -> None:
    _refuse_system(router, rows, "remove-dynamic")
    if any(router.menus[row.menu].fixed for row in rows):
        raise Trap(router.profile["remove-dynamic"])
    for row in rows:
        for each in (*followers(router, row), row):
            router.store.delete(each)


def enable(router: Router, caller: Caller, request: Request) -> Reply:
    """Switch items on."""
    refuse_unknown(request, SELECTORS)
    _change(router, caller, selected(router, request), {"disabled": "false"})
    return Reply()


def disable(router: Router, caller: Caller, request: Request) -> Reply:
    """Switch items off."""
    refuse_unknown(request, SELECTORS)
    _change(router, caller, selected(router, request), {"disabled": "true"})
    return Reply()


def comment(router: Router, caller: Caller, request: Request) -> Reply:
    """Set the comment; an empty one takes it away."""
    refuse_unknown(request, (*SELECTORS, "comment"))
    _change(router, caller, selected(router, request), {"comment": request.attributes.get("comment", "")})
    return Reply()


def move(router: Router, _caller: Caller, request: Request) -> Reply:
    """Put items before ``destination``, or at the end; ids do not change (tik4net)."""
    refuse_unknown(request, (*SELECTORS, "destination"))
    rows = selected(router, request)
    _refuse_system(router, rows, "change-dynamic")
    before = _place_before(router, router.menus[request.menu], request.attributes.get("destination"))
    if before in rows:
        return Reply()
    for row in rows:
        router.store.move(row, before)
    return Reply()
