# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a key file is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import staged_files
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.key_file import KeyFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.key_storage import WriteKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import clamp

ONE, OTHER = clamp(bytes([1]) * 32), clamp(bytes([2]) * 32)
NOBODY, NAMELESS = 65534, 64999

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can be let into: no one but root comes to those that pytest gives."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def as_user(user: int, action: Callable[[], object]) -> bool:
    """Do something in a process of a user, and tell whether it went well."""
    child = os.fork()
    if child == 0:
        try:
            os.setuid(user)
            action()
        except BaseException:  # the child must not come back
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


@only_root
@pytest.mark.parametrize("user", [NOBODY, NAMELESS])
def test_without_root_a_key_belongs_to_who_makes_it(folder: Path, user: int) -> None:
    os.chown(folder, user, -1)
    path = folder / "keys/wg0.key"
    file = KeyFile(str(path))
    assert as_user(user, lambda: file.apply([WriteKey(ONE)]))
    assert (path.stat().st_uid, path.stat().st_mode & 0o777, file.read().private_key) == (user, 0o600, ONE)
    assert as_user(user, lambda: file.apply([WriteKey(OTHER)]))
    assert (path.stat().st_uid, file.read().private_key) == (user, OTHER)


@only_root
@pytest.mark.parametrize("user", [NOBODY, NAMELESS])
def test_a_key_that_is_replaced_keeps_its_owner(folder: Path, user: int) -> None:
    path = folder / "wg0.key"
    file = KeyFile(str(path))
    file.apply([WriteKey(ONE)])
    os.chown(path, user, -1)
    file.apply([WriteKey(OTHER)])
    assert (path.stat().st_uid, file.read().private_key) == (user, OTHER)


def test_an_error_about_an_open_file_names_its_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = folder / "wg0.key"
    monkeypatch.setattr(staged_files.os, "fchmod", refuse)
    with pytest.raises(PersistenceError, match=f"^cannot write {path}: Operation not permitted$"):
        KeyFile(str(path)).apply([WriteKey(ONE)])
    assert list(folder.iterdir()) == []
