# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Safe mode: what a session changed is undone when the session is lost (tik4net, CLI reference).

Rules of this file: only changes of the holder's own commands are recorded; history holds 100 actions, and with one more
safe mode is dropped, which leaves the changes in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Reply, Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Change, Store
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import ARGUMENT, Trap, no_such_command

HISTORY = 100
ON_ERROR = ("abort", "ask", "release", "unroll")


class SafeMode:
    """Who holds safe mode and what it changed; sessions are told apart by number."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._store = store
        self._profile = profile
        self.holder: int | None = None
        self._user = ""
        self._actions: list[list[Change]] = []

    @contextmanager
    def recording(self, session: int) -> Iterator[None]:
        """Record what is changed inside as one action if this session holds safe mode."""
        if session != self.holder:
            yield
            return
        action: list[Change] = []
        self._store.watchers.append(action.append)
        try:
            yield
        finally:
            self._store.watchers.remove(action.append)
        if action and session == self.holder:
            self._actions.append(action)
            if len(self._actions) > HISTORY:
                self._forget()

    def run(self, session: int, user: str, request: Request) -> Reply:
        """Run a command of the menu ``/safe-mode``."""
        if request.command == "take":
            self._take(session, user, request.attributes.get("on-error", "abort"))
            return Reply()
        if request.command == "release":
            self._forget()
            return Reply()
        if request.command == "unroll":
            self.unroll()
            return Reply()
        if request.command == "toggle":
            return self.run(session, user, Request("/safe-mode", "take" if self.holder is None else "release"))
        if request.command in ("print", "get"):
            return Reply([self._row(session)], data=True)
        raise no_such_command(menu_known=True)

    def _row(self, session: int) -> dict[str, str]:
        row = {"enabled": "false" if self.holder is None else "true"}
        if self.holder is not None:
            row.update({"user": self._user, "current": "true" if self.holder == session else "false"})
        return row

    def _take(self, session: int, user: str, on_error: str) -> None:
        if on_error not in ON_ERROR:
            raise Trap("input does not match any value of on-error", ARGUMENT)
        if self.holder not in (None, session):
            if on_error in ("abort", "ask"):
                raise Trap(self._profile["second-take"])
            if on_error == "unroll":
                self.unroll()
        self._forget()
        self.holder, self._user = session, user

    def lost(self, session: int) -> None:
        """Undo what a session changed that ended without a release."""
        if session == self.holder:
            self.unroll()

    def unroll(self) -> None:
        """Undo all actions and end safe mode."""
        changes = [change for action in self._actions for change in action]
        self._forget()
        self._store.undo(changes)

    def _forget(self) -> None:
        self.holder, self._user, self._actions = None, "", []
