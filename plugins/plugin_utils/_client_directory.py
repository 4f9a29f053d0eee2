# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of clients on the controller's disk.

Rules of this file: nothing is compared or decided here. Everything is mode 0600 or 0700 before anything is in it. New
contents are all on the disk under other names before the first takes its place, by one rename; what a killed run leaves
is found by the next. Links are not followed, and what belongs to another user is not ours. No error repeats content.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.files import (
    DIRECTORY_MODE,
    FILE_MODE,
    MARK,
    TOP,
    Close,
    Found,
    FoundDirectory,
    FoundFile,
    MakeDirectory,
    Place,
    Remove,
    RemoveDirectory,
    Step,
    Write,
    files_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

_MARK_TEXT = b"Made by wgfleet.wireguard. Files of clients below are written anew, and go when their client goes.\n"
_TEMPORARY = ".wgfleet-new"
_FOREIGN = "was not made by wgfleet.wireguard: move it away, or name another directory"
_CLIENT_DEPTH = 2  # network, client


class Cipher(Protocol):
    """What encrypts files. Both raise WireguardError, which does not repeat content."""

    def is_encrypted(self, content: bytes) -> bool: ...

    def encrypt(self, content: bytes) -> bytes: ...

    def decrypt(self, content: bytes, path: str) -> bytes: ...


class _Observed(NamedTuple):
    """What has been read so far."""

    directories: dict[Place, FoundDirectory]
    files: dict[Place, FoundFile]
    others: dict[Place, str]


class ClientDirectory:
    """The directory at an absolute path. Its methods raise PersistenceError."""

    def __init__(self, path: Path, cipher: Cipher) -> None:
        self._path = path
        self._cipher = cipher

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs away. The lock is on the directory above, so that no lock file stays behind."""
        with _explained():
            descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Found:
        """Observe everything that is ours, and what is in its way."""
        observed = _Observed({}, {}, {})
        with _explained():
            self._read_directory(TOP, observed)
        return Found(*observed)

    def _read_directory(self, place: Place, observed: _Observed) -> bool:
        """Tell whether it is a directory of ours."""
        path = self._path.joinpath(*place)
        try:
            status = path.lstat()
        except FileNotFoundError:
            return False
        sentence = _not_ours(status, is_directory=True)
        names = set() if sentence else set(os.listdir(path))
        marked = MARK in names
        if sentence or (names and not marked):
            observed.others[place] = sentence or _FOREIGN
            return False
        read = self._read_files if len(place) == _CLIENT_DEPTH else self._read_directories
        shared = read(place, names - {MARK}, observed)
        observed.directories[place] = FoundDirectory(stat.S_IMODE(status.st_mode), marked, shared)
        return marked

    def _read_directories(self, place: Place, names: set[str], observed: _Observed) -> bool:
        """Read what is in a directory and tell whether something is not ours."""
        marked = {name for name in sorted(names) if self._read_directory((*place, name), observed)}
        return marked != names

    def _read_files(self, place: Place, names: set[str], observed: _Observed) -> bool:
        """Read what is in a client's directory and tell whether something is not ours."""
        ours = {file[-1] for file in files_of(place)}
        known = (ours | set(map(_temporary, ours))) & names
        for name in sorted(known):
            path = self._path.joinpath(*place, name)
            status = path.lstat()
            sentence = _not_ours(status, is_directory=False)
            if sentence:
                observed.others[(*place, name)] = sentence
            else:
                observed.files[(*place, name)] = self._file(path, stat.S_IMODE(status.st_mode), name in ours)
        return known != names

    def _file(self, path: Path, mode: int, complete: bool) -> FoundFile:
        content = path.read_bytes()
        encrypted = complete and self._cipher.is_encrypted(content)
        clear = self._cipher.decrypt(content, str(path)) if encrypted else content
        return FoundFile(SecretText(clear), encrypted, mode)

    def apply(self, steps: Sequence[Step]) -> int:
        """Carry out the steps and give the number of writes."""
        with _explained():
            for step in steps:
                if isinstance(step, MakeDirectory):
                    self._make(self._path.joinpath(*step.place))
            staged = [
                (self._stage(step), self._path.joinpath(*step.place)) for step in steps if isinstance(step, Write)
            ]
            for waiting, path in staged:
                os.replace(waiting, path)
            for directory in {path.parent for _waiting, path in staged}:
                _sync(directory)
            for step in steps:
                self._take_away(step)
        return len(steps)

    @staticmethod
    def _make(path: Path) -> None:
        with contextlib.suppress(FileExistsError):
            path.mkdir(DIRECTORY_MODE)
        path.chmod(DIRECTORY_MODE)
        _write(path / MARK, _MARK_TEXT)
        _sync(path)

    def _stage(self, step: Write) -> Path:
        path = self._path.joinpath(*step.place)
        waiting = path.with_name(_temporary(path.name))
        content = step.content.raw
        _write(waiting, self._cipher.encrypt(content) if step.encrypt else content)
        return waiting

    def _take_away(self, step: Step) -> None:
        path = self._path.joinpath(*step.place)
        if isinstance(step, Close):
            path.chmod(step.mode)
        elif isinstance(step, Remove):
            path.unlink(missing_ok=True)
        elif isinstance(step, RemoveDirectory):
            path.joinpath(MARK).unlink(missing_ok=True)
            path.rmdir()


def _temporary(name: str) -> str:
    # One name for each place: whatever a killed run left there is found again.
    return f".{name}{_TEMPORARY}"


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with open(descriptor, "wb") as stream:
        os.fchmod(descriptor, FILE_MODE)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_ours(status: os.stat_result, is_directory: bool) -> str:
    """Say why something cannot be ours; empty when it can."""
    if not (stat.S_ISDIR if is_directory else stat.S_ISREG)(status.st_mode):
        return f"is no {'directory' if is_directory else 'regular file'}: move it away"
    if status.st_uid != os.geteuid():
        return f"belongs to the user with the number {status.st_uid}: move it away, or run as that user"
    return ""


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PersistenceError(f"{error.filename or 'a file of a client'}: {error.strerror}") from None
