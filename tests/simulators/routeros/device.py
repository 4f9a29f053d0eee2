# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device around the router's menus: which command runs what, with which policy; files, backups, scripts, reboot.

Rules of this file: a command either replies or traps, and ``run`` is the one way in, for sessions and scripts alike.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros import item_commands, print_commands
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.client_config import show_client_config
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.console import run_script
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.export import export_text
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Number
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.safe_mode import SafeMode
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import (
    GENERAL,
    Trap,
    missing_arguments,
    no_such_command,
    not_permitted,
)

Command = Callable[[Router, Caller, Request], Reply]


def reset_counters(_router: Router, _caller: Caller, _request: Request) -> Reply:
    """Do nothing: counters are zero."""
    return Reply()


# Command name: what runs it, and which policy it needs ("read" and "write" stand for the menu's own).
COMMANDS: dict[str, tuple[Command, str]] = {
    "print": (print_commands.print_, "read"),
    "getall": (print_commands.print_, "read"),
    "find": (print_commands.find, "read"),
    "get": (print_commands.get, "read"),
    "show-client-config": (show_client_config, "read"),
    "add": (item_commands.add, "write"),
    "set": (item_commands.set_, "write"),
    "unset": (item_commands.unset, "write"),
    "reset": (item_commands.reset, "write"),
    "remove": (item_commands.remove, "write"),
    "enable": (item_commands.enable, "write"),
    "disable": (item_commands.disable, "write"),
    "comment": (item_commands.comment, "write"),
    "move": (item_commands.move, "write"),
    "reset-counters": (reset_counters, "write"),
    "reset-counters-all": (reset_counters, "write"),
}

SCRIPT_SESSION = 0


class Device:
    """A router with its files, backups and safe mode. ``rebooted`` is called when it restarts."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.safe_mode = SafeMode(router.store, router.profile)
        self.rebooted: Callable[[], None] = lambda: None
        self._backups: dict[str, dict[str, list[Row]]] = {}
        self._own: dict[str, tuple[Callable[[Caller, Request], Reply], str]] = {
            "/file/read": (self._read_file, "read"),
            "/system/backup/save": (self._save, "ftp"),
            "/system/backup/load": (self._load, "policy"),
            "/system/reboot": (self._reboot, "reboot"),
            "/system/script/run": (self._run_script, "test"),
            "/import": (self._import, "ftp"),
        }

    def run(self, caller: Caller, session: int, request: Request) -> Reply:
        """Run a command for a session, or trap."""
        with self.safe_mode.recording(session):
            if request.menu == "/safe-mode" and self.router.profile.since(7, 18):
                self._permit(caller, "write")
                return self.safe_mode.run(session, caller.user, request)
            if request.path in self._own:
                command, policy = self._own[request.path]
                self._permit(caller, policy)
                return command(caller, request)
            if request.command == "export":
                return self._export(caller, request)
            return self._run_in_menu(caller, request)

    def _run_in_menu(self, caller: Caller, request: Request) -> Reply:
        menu = self.router.menu(request.menu)
        if menu is None:
            raise no_such_command(menu_known=False)
        known = menu.commands(self.router.profile)
        if request.command not in known or request.command not in COMMANDS:
            raise no_such_command(menu_known=True)
        command, policy = COMMANDS[request.command]
        self._permit(caller, menu.write_policy if policy == "write" else menu.read_policy)
        return command(self.router, caller, request)

    def _permit(self, caller: Caller, policy: str) -> None:
        if not caller.may(policy):
            raise not_permitted()

    def _export(self, caller: Caller, request: Request) -> Reply:
        self._permit(caller, "read")
        flags = ("show-sensitive", "hide-sensitive", "compact", "verbose", "terse")
        item_commands.refuse_unknown(request, ("file", *flags))
        if request.menu and not any(f"{path}/".startswith(f"{request.menu}/") for path in self.router.menus):
            raise no_such_command(menu_known=False)
        reveal = "show-sensitive" in request.attributes and caller.may("sensitive")
        text = export_text(self.router, request.menu, reveal, "verbose" in request.attributes)
        if name := request.attributes.get("file"):
            self._permit(caller, "ftp")
            self.write_file(f"{name}.rsc" if not name.endswith(".rsc") else name, text, "script")
            return Reply()
        return Reply(ret=text) if self.router.profile["export-text"] == "in-reply" else Reply()

    def write_file(self, name: str, contents: str, kind: str) -> None:
        """Make a file, or replace one."""
        store = self.router.store
        for row in [row for row in store.rows["/file"] if row.values["name"] == name]:
            store.delete(row)
        values = {
            "name": name,
            "type": kind,
            "size": str(len(contents.encode())),
            "last-modified": self.router.profile.date(self.router.now),
            "contents": contents,
        }
        store.insert(Row("/file", store.new_id("/file"), values))

    def _file(self, name: str) -> Row:
        found = [row for row in self.router.store.rows["/file"] if row.values["name"] == name]
        if not found:
            raise Trap("failure: no such file", GENERAL)
        return found[0]

    def _read_file(self, _caller: Caller, request: Request) -> Reply:
        if not self.router.profile.since(7, 13):
            raise no_such_command(menu_known=True)
        item_commands.refuse_unknown(request, ("file", "offset", "chunk-size"))
        if "file" not in request.attributes:
            raise missing_arguments(["file"])
        contents = self._file(request.attributes["file"]).values.get("contents", "").encode()
        offset, size = (
            int(Number().parse(request.attributes.get(name, text), self.router.place(name)))
            for name, text in (("offset", "0"), ("chunk-size", "32768"))
        )
        size = min(size, 32768)
        return Reply([{"data": contents[offset : offset + size].decode("utf-8", "surrogateescape")}], data=True)

    def _save(self, caller: Caller, request: Request) -> Reply:
        self._permit(caller, "policy")
        name = f"{request.attributes.get('name', 'backup').removesuffix('.backup')}.backup"
        self._backups[name] = copy.deepcopy(self.router.store.rows)
        self.write_file(name, "", "backup")
        return Reply()

    def _load(self, _caller: Caller, request: Request) -> Reply:
        """Restore a backup, which restarts the router; a password, perhaps an empty one, is needed (librouteros)."""
        name = f"{request.attributes.get('name', '').removesuffix('.backup')}.backup"
        if "password" not in request.attributes:
            raise missing_arguments(["password"])
        self._file(name)
        store, files = self.router.store, "/file"
        for path, rows in self._backups[name].items():
            if path != files:
                for row in list(store.rows[path]):
                    store.delete(row)
                for row in copy.deepcopy(rows):
                    store.insert(row)
        self.rebooted()
        return Reply()

    def _reboot(self, _caller: Caller, _request: Request) -> Reply:
        self.rebooted()
        return Reply()

    def _run_script(self, caller: Caller, request: Request) -> Reply:
        for row in item_commands.selected(self.router, Request("/system/script", "run", request.attributes)):
            self.run_text(caller, row.values.get("source", ""))
        return Reply()

    def _import(self, caller: Caller, request: Request) -> Reply:
        name = request.attributes.get("file-name")
        if name is None:
            raise missing_arguments(["file-name"])
        self.run_text(caller, self._file(name).values.get("contents", ""))
        return Reply()

    def run_text(self, caller: Caller, source: str) -> None:
        """Run console text as a user."""
        paths = {path for menu in self.router.menus for path in _prefixes(menu)}
        known = frozenset(paths | {"/system", "/system/backup", "/safe-mode"})
        run_script(source, known, lambda request: self.run(caller, SCRIPT_SESSION, request))

    def run_event(self, row: Row) -> None:
        """Run what a scheduler entry says: a script's name or console text, with the entry's own policies only."""
        policies = frozenset((self.router.printed_field(row, "policy")).split(","))
        source = row.values.get("on-event", "")
        script = self.router.find("/system/script", source)
        self.run_text(Caller(row.values.get("owner", ""), policies), script.values["source"] if script else source)


def _prefixes(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: number + 1]) for number in range(len(parts))]
