# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key in a file of its own, as `wg genkey` writes it: base64 and a line feed.

Rules of this file: no error repeats what is in the file. A file that holds no key belongs to someone else: it is
neither replaced nor removed. A key belongs to who makes it, and one that is replaced to whom it belonged.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged, owner_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.key_storage import (
    FILE_MODE,
    CloseToOthers,
    KeyStep,
    StoredKey,
    WriteKey,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import WriteFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    SecretText,
    decode_key,
)

_DIRECTORY_MODE = 0o700
_LONGEST = 1024  # bytes; more than any key with spaces around it


class KeyFileError(DeviceError):
    """A key file cannot be read or written, or holds something else."""


class KeyFile:
    """The key file at an absolute path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self) -> StoredKey:
        """Observe the file. Raises KeyFileError."""
        try:
            with _explained("read", self._path), open(self._path, "rb") as stream:
                mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
                content = stream.read(_LONGEST)
        except _Missing:
            return StoredKey()
        try:
            return StoredKey(decode_key(content.decode("ascii", "replace"), PrivateKey), mode)
        except InvalidValue as error:
            advice = "move it out of the way, or name another path"
            raise KeyFileError(f"{self._path}: what is in this file {error}; {advice}") from None

    def apply(self, steps: Sequence[KeyStep]) -> int:
        """Carry out the steps and give the number of writes. Raises KeyFileError."""
        with _explained("write", self._path):
            return sum(self._carry_out(step) for step in steps)

    def _carry_out(self, step: KeyStep) -> int:
        if isinstance(step, WriteKey):
            return self._write(step.private_key)
        if isinstance(step, CloseToOthers):
            os.chmod(self._path, FILE_MODE)
        else:
            os.unlink(self._path)
        return 1

    def _write(self, private_key: PrivateKey) -> int:
        directory = os.path.dirname(self._path)
        is_new = not os.path.isdir(directory)
        if is_new:
            os.makedirs(directory, mode=_DIRECTORY_MODE)
        content = SecretText((private_key.reveal() + "\n").encode("ascii"))
        with Staged([WriteFile(self._path, File(content, owner=owner_of(self._path)))]) as staged:
            staged.commit()
        return 1 + is_new


class _Missing(KeyFileError):
    """There is no such file."""


@contextlib.contextmanager
def _explained(what: str, path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise _Missing(f"{path} is not there") from None
    except OSError as error:
        advice = "; run this with become" if isinstance(error, PermissionError) else ""
        raise KeyFileError(f"cannot {what} the key file {path}: {error.strerror}{advice}") from None
