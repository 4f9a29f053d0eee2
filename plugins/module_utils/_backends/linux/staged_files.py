# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the host: read, and put into their places.

Rules of this file: all that can fail is done before anything changes (staging); then each file takes its place by one
rename. A process that is killed at any moment leaves at each path what was there or what shall be there, and at most a
temporary file beside it, which the next run replaces. Files have their mode before the first byte is in them: 0600
where nothing else is said.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import stat
from typing import Callable, Iterable, Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.records import (
    ELSEWHERE,
    RECORDS,
    redirections_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import FileStep, WriteFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

_TEMPORARY = ".wgfleet-new"
_PRIVATE = {"wireguard", "wgfleet"}  # directories that only root may enter
_OWN = (redirections_of(None), ELSEWHERE, RECORDS, "/etc/wgfleet")  # the inner ones first


def read_paths(paths: Iterable[str], root: str = "/") -> dict[str, File]:
    """Read what stands at any of these paths. Raises PersistenceError."""
    return {path: file for path in paths for file in _read(path, root)}


def sweep(removed: Sequence[str], root: str = "/") -> None:
    """Remove the directories that nothing is left in, of those which are ours or were made for links of systemd."""
    links = {os.path.dirname(path) for path in removed if os.path.dirname(path).endswith(".wants")}
    elsewhere = {os.path.dirname(path) for path in removed if path.startswith(ELSEWHERE + "/")}
    records = [each for folder in sorted(elsewhere) for each in (f"{folder}/default_route", folder)]
    for directory in (*sorted(links), *records, *_OWN) if removed else ():
        with contextlib.suppress(OSError):  # there is something in it, or it is not there
            os.rmdir(below(root, directory))


def owner_of(path: str) -> str:
    """Give the owner of a file for `File`, and where there is none, the user that makes one. Raises OSError."""
    try:
        return _name_of(os.stat(path).st_uid)
    except FileNotFoundError:
        return _name_of(os.geteuid())


def below(root: str, path: str) -> str:
    """Give the place of a path on a host whose files are below a directory."""
    return os.path.join(root, path.lstrip("/"))


class Staged:
    """New files that wait beside their places. Making it raises PersistenceError, and then nothing has changed.

    `commit()` puts all into their places and removes what is to go; `commits()` gives the same one by one, as pairs of
    path and action. `close()` throws away what was not committed.
    """

    def __init__(self, steps: Iterable[FileStep], root: str = "/") -> None:
        self._steps = tuple(steps)
        self._root = root
        self._made: list[str] = []
        try:
            for step in self._steps:
                _refuse_directory(below(root, step.path))
                if isinstance(step, WriteFile):
                    self._stage(step)
        except PersistenceError:
            self.close()
            raise

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def commits(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Give the path and the action of each file, in the order of the steps."""
        for step in self._steps:
            yield step.path, functools.partial(self._commit, step)

    def commit(self) -> None:
        """Put all files into their places."""
        for _path, action in self.commits():
            action()

    def close(self) -> None:
        """Remove what is still waiting, and directories that were made for it. May be called twice."""
        for step in self._steps:
            if isinstance(step, WriteFile):
                with contextlib.suppress(OSError):
                    os.unlink(_temporary(below(self._root, step.path)))
        while self._made:
            with contextlib.suppress(OSError):  # there is something in it now
                os.rmdir(self._made.pop())

    def _stage(self, step: WriteFile) -> None:
        try:
            self._write_beside(step, below(self._root, step.path))
        except OSError as error:  # which names no file where it is about one that is open
            raise PersistenceError(f"cannot write {error.filename or step.path}: {error.strerror}") from None

    def _write_beside(self, step: WriteFile, path: str) -> None:
        self._make_directory(os.path.dirname(path))
        temporary = _temporary(path)
        _remove(temporary)
        if step.file.link:
            os.symlink(step.file.content.reveal(), temporary)
            return
        owner = _owner_number(step.file.owner)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, step.file.mode)
            if owner != os.geteuid():
                os.fchown(descriptor, owner, -1)
            stream.write(step.file.content.raw)
            stream.flush()
            os.fsync(descriptor)

    def _make_directory(self, path: str) -> None:
        if os.path.isdir(path):
            return
        self._make_directory(os.path.dirname(path))
        os.mkdir(path, 0o700 if os.path.basename(path) in _PRIVATE else 0o755)
        self._made.append(path)

    def _commit(self, step: FileStep) -> None:
        path = below(self._root, step.path)
        try:
            if isinstance(step, WriteFile):
                if step.keep_as:
                    _keep(path, below(self._root, step.keep_as))
                os.replace(_temporary(path), path)
            else:
                _remove(path)
            _sync_directory(os.path.dirname(path))
        except OSError as error:
            raise PersistenceError(f"cannot write {step.path}: {error.strerror}") from None


def _temporary(path: str) -> str:
    # One name for each place, hidden from wg-quick and systemd: whatever a killed run left there is found again.
    return os.path.join(os.path.dirname(path), "." + os.path.basename(path) + _TEMPORARY)


def _read(path: str, root: str) -> Iterator[File]:
    place = below(root, path)
    try:
        status = os.lstat(place)
        if stat.S_ISLNK(status.st_mode):
            yield File(SecretText(os.fsencode(os.readlink(place))), link=True)
            return
        if not stat.S_ISREG(status.st_mode):
            raise PersistenceError(f"{path} is no regular file: move it away")
        with open(place, "rb") as stream:
            yield File(SecretText(stream.read()), owner=_name_of(status.st_uid), mode=stat.S_IMODE(status.st_mode))
    except FileNotFoundError:
        return
    except OSError as error:
        raise PersistenceError(f"cannot read {path}: {error.strerror}") from None


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # as in a container that runs under a number
        return str(user)


def _owner_number(name: str) -> int:
    if name == "root" or name.isdigit():
        return 0 if name == "root" else int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise PersistenceError(f"there is no user {name} on this host: is its service installed?") from None


def _refuse_directory(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        raise PersistenceError(f"{path} is a directory: move it away")


def _keep(path: str, kept: str) -> None:
    # A second name for the file, so that it is never without one. Earlier kept files are not overwritten.
    name, number = kept, 0
    while True:
        try:
            os.link(path, name, follow_symlinks=False)
            return
        except FileExistsError:
            if os.path.samestat(os.lstat(path), os.lstat(name)):
                return
        except FileNotFoundError:
            return
        number += 1
        name = f"{kept}.{number}"


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
