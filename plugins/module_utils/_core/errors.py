# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can go wrong, as types with messages for people.

Rules of this file: no message ever contains a private or preshared key; every message says where, what and, where it
can be known, what to do next.
"""

from __future__ import annotations

import contextlib
from typing import Iterable, Iterator, NamedTuple


class WireguardError(Exception):
    """Root of all errors that this collection raises on purpose."""


class Problem(NamedTuple):
    """One thing that is wrong with the input: its place (an option or a path in the declaration) and a sentence."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class InvalidInput(WireguardError):
    """The input is wrong. Carries all problems at once. Raised before anything is written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidValue(WireguardError):
    """One value is malformed. The caller knows its place and turns it into a Problem."""


@contextlib.contextmanager
def at(place: str) -> Iterator[None]:
    """Give an InvalidValue its place. Raises InvalidInput instead."""
    try:
        yield
    except InvalidValue as error:
        raise InvalidInput([Problem(place, str(error))]) from None


class DeviceError(WireguardError):
    """The device, or the system that holds it, refused or failed."""


class NoWireguard(DeviceError):
    """This host can make no WireGuard interface: neither its kernel nor a userspace program can."""


class NoPrivilege(DeviceError):
    """The caller may not change network interfaces here."""


class WrongKind(DeviceError):
    """An interface of that name exists and is no WireGuard interface."""


class NoSuchInterface(DeviceError):
    """The interface that was asked for does not exist."""


class MissingLibrary(DeviceError):
    """A Python library that the target needs is not installed there."""


class BrokenReply(DeviceError):
    """The device answered, and the answer cannot be understood. That is nobody's fault who reads this."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message}. Run again; if it stays, it is a fault of the device or of this collection: report it with the"
            " versions of both"
        )


class NotConnected(DeviceError):
    """There is no connection to the device: it does not answer, or not in the way that was asked for."""


class LoginRefused(DeviceError):
    """The device does not accept the user and the password."""


class ConnectionLost(DeviceError):
    """The connection ended in the middle of the work. What was done until then stays; a rerun completes it."""


class Refused(DeviceError):
    """The device refused a command."""


class PersistenceError(DeviceError):
    """A file that is to bring the interface up at boot cannot be read or written. Nothing live was changed."""


class ForeignInterface(DeviceError):
    """An interface of that name is somebody else's, and nobody has said that it may be taken over."""


class KeyMismatch(WireguardError):
    """The interface's key is not the one that is pinned for it."""
