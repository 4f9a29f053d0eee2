# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing the menus of a router, many at a time.

Rules of this file: a menu is read by one print that names its properties; prints that need nothing of each other go
together, so that reading costs round trips and not menus. Writes of one call may be carried out in any order. A command
that the router refuses becomes one typed error, which names the menu and hides whatever looks like a key.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access_checks import (
    access_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import (
    Command,
    Reply,
    Session,
    Trap,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.tls import reason_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import (
    SHOW_SENSITIVE,
    Release,
    parse_release,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    InvalidInput,
    NoPrivilege,
    Problem,
    Refused,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import without_keys

Rows = List[Dict[str, str]]

_GONE = ("no such item",)
_SHOW_SENSITIVE = ("show-sensitive", "")


class Menu(NamedTuple):
    """One print: a menu, the properties that are asked for, query words, and whether secrets are among them."""

    path: str
    words: Sequence[str]
    queries: Sequence[str] = ()
    secrets: bool = False


COMMENTED = ("?>comment=",)  # rows with a comment, whatever it is
_RESOURCE = Menu("/system/resource", ("version",))


def match(name: str, value: str) -> tuple[str, ...]:
    """Give the query for rows that have a value (MikroTik manual, "API", "Queries")."""
    return (f"?{name}={value}",)


def either(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Give the query for rows that match one of two."""
    return (*first, *second, "?#|")


def merged(menus: Sequence[Menu]) -> list[Menu]:
    """Make one print of those of one menu, which gives the rows that any of them asks for."""
    found: dict[str, Menu] = {}
    for menu in menus:
        other = found.get(menu.path)
        if other is not None:
            queries = either(other.queries, menu.queries) if other.queries and menu.queries else ()
            words = tuple(dict.fromkeys((*other.words, *menu.words)))
            menu = Menu(menu.path, words, queries, other.secrets or menu.secrets)
        found[menu.path] = menu
    return list(found.values())


class Console:
    """The menus of one router."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._release: Release | None = None

    @property
    def encoding(self) -> str:
        """Give the encoding of all text."""
        return self._session.encoding

    @property
    def release(self) -> Release:
        """Give the router's release, which is asked for once. Raises UnsupportedRelease."""
        if self._release is None:
            [[row]] = self._print([_plain_print(_RESOURCE)])
            self._release = parse_release(row.get("version", ""))
        return self._release

    def print(self, menus: Sequence[Menu]) -> list[Rows]:
        """Print menus in one round trip."""
        shows = self.release >= SHOW_SENSITIVE
        commands = [_secret_print(menu) if menu.secrets and shows else _plain_print(menu) for menu in menus]
        return self._print(commands)

    def _print(self, commands: Sequence[Command]) -> list[Rows]:
        rows = []
        for command, reply in zip(commands, self._session.run(commands)):
            if reply.trap and command.attributes[-1] == _SHOW_SENSITIVE:
                # It may be this that is refused: without it, what the user may not see reads as hidden.
                rows += self._print([command._replace(attributes=command.attributes[:-1])])
            elif reply.trap:
                raise _refusal(self._session.address, command, reply.trap)
            else:
                rows.append(reply.rows)
        return rows

    def write(self, commands: Sequence[Command], gone_is_done: bool = False) -> list[Reply]:
        """Carry out commands that need nothing of each other. Raises DeviceError at the first that is refused.

        With gone_is_done, a row that is not there any more is no error: someone else has removed it.
        """
        replies = self._session.run(commands, stop_at_trap=not gone_is_done)
        for command, reply in zip(commands, replies):
            if reply.trap and not (gone_is_done and reply.trap.says(*_GONE)):
                raise _refusal(self._session.address, command, reply.trap)
        return replies

    def close(self) -> None:
        """End the session. May be called twice."""
        self._session.close()


def _plain_print(menu: Menu) -> Command:
    return Command(menu.path + "/print", ((".proplist", ",".join(menu.words)),), menu.queries)


def _secret_print(menu: Menu) -> Command:
    plain = _plain_print(menu)
    return plain._replace(attributes=(*plain.attributes, _SHOW_SENSITIVE))


def set_row(path: str, row: str, attributes: Sequence[tuple[str, str]]) -> Command:
    """Give the command that sets properties of a row."""
    return Command(path + "/set", ((".id", row), *attributes))


def remove_row(path: str, row: str) -> Command:
    """Give the command that removes a row. One each: of a list with an unknown id nobody says what is removed."""
    return Command(path + "/remove", ((".id", row),))


def _refusal(router: str, command: Command, trap: Trap) -> DeviceError:
    # A router may repeat any value.
    sentence = f"the router {router} refused {command.path}: {without_keys(trap.message)}"
    if trap.says("not enough permissions"):
        return NoPrivilege(f"{sentence}; the user's group needs the policies api, read and write")
    if trap.says(*_GONE):
        return Refused(f"{sentence}; someone else has removed it meanwhile, so run again")
    if trap.says("no such command", "bad command name"):
        return Refused(f"{sentence}; this RouterOS has no such menu, or its package is not enabled")
    return Refused(sentence)


def _with_password(access: Access) -> Access:
    """Read the password where a file holds it and none is given. Raises InvalidInput."""
    if access.password or not access.password_file:
        return access
    try:
        password = Path(access.password_file).read_text(encoding=access.encoding).rstrip("\r\n")
    except OSError as error:
        raise _no_password(access, f"cannot be read: {reason_of(error)}") from None
    except (LookupError, ValueError):
        raise _no_password(access, f"is no text in the encoding {access.encoding}") from None
    if not password:
        raise _no_password(access, "is empty")
    return dataclasses.replace(access, password=password)


def _no_password(access: Access, reason: str) -> InvalidInput:
    return InvalidInput([Problem("password_file", f"{access.password_file} {reason}")])


def open_console(params: Mapping[str, Any]) -> Console:
    """Log in as a module's parameters say. Raises InvalidInput for what no login can be tried with."""
    names = [field.name for field in dataclasses.fields(Access)]
    access = _with_password(Access(**{name: params[name] for name in names}))
    problems = access_problems(access)
    if problems:
        raise InvalidInput(problems)
    return Console(Session(access))
