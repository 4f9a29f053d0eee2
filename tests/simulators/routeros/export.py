# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration as console text (exports): values that differ from the default, secrets only when asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Flag
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row

# Printed although equal to the default (exports).
ALWAYS = {"/interface/wireguard": ("listen-port", "mtu", "name")}
_PLAIN = re.compile(r"[A-Za-z0-9_.,:/!*%@-]+")


def quoted(text: str) -> str:
    """Quote a value where the console would."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = re.sub(r'(["\\$])', r"\\\1", text).replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _words(router: Router, menu: Menu, row: Row, reveal: bool, verbose: bool) -> Iterator[str]:
    for each in sorted(menu.fields, key=lambda each: each.name):
        text = router.text(row, each)
        always = each.name in ALWAYS.get(menu.path, ())
        if each.read_only or text is None or (each.secret and not reveal):
            continue
        if not verbose and not always and (each.name not in row.values or text == each.unset):
            continue
        if isinstance(each.kind, Flag):
            text = "yes" if text == "true" else "no"
        yield f"{each.name}={quoted(text)}"


def _lines(router: Router, menu: Menu, reveal: bool, verbose: bool) -> Iterator[str]:
    for row in router.store.rows[menu.path]:
        if row.system:
            continue
        words = " ".join(_words(router, menu, row, reveal, verbose))
        if menu.singleton:
            yield from [f"set {words}"] if words else []
        elif menu.fixed:
            key = "default-name" if menu.field("default-name") else "name"
            if words != f"name={quoted(row.values[key])}":
                yield f"set [ find {key}={quoted(row.values[key])} ] {words}"
        else:
            yield f"add {words}"


def export_text(router: Router, path: str, reveal: bool = False, verbose: bool = False) -> str:
    """Give the text of a menu and of all below it; lines end in CR LF (librouteros)."""
    version = router.profile.version
    lines = [f"# {router.profile.date(router.now)} by RouterOS {version}", "# software id = SIMU-LATE", "#"]
    for menu in router.menus.values():
        below = menu.path == path or menu.path.startswith(f"{path}/") or not path
        if below and menu.exported and not menu.views:
            found = list(_lines(router, menu, reveal, verbose))
            lines += [menu.path.replace("/", " ").replace(" ", "/", 1), *found] if found else []
    return "\r\n".join([*lines, ""])
