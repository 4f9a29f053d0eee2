# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller that runs keep for each other."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._pinned_file import locked, read_text, write


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Give a link to a file in another directory, which need not be there."""
    (tmp_path / "repository").mkdir()
    place = tmp_path / "registry.yml"
    place.symlink_to("repository/registry.yml")
    return place


@pytest.mark.parametrize("text", ["", "before"])
def test_a_file_that_is_a_link_stays_one(link: Path, text: str) -> None:
    if text:
        link.resolve().write_text(text, encoding="utf-8")
    with locked(link) as path:
        assert read_text(path) == text
        write(path, "after")
    assert link.is_symlink()
    assert link.read_text(encoding="utf-8") == "after"
    assert [each.name for each in link.resolve().parent.iterdir()] == ["registry.yml"]


def test_a_file_has_one_lock_whatever_it_is_called(link: Path) -> None:
    directory = os.open(link.resolve().parent, os.O_RDONLY)
    try:
        with locked(link), pytest.raises(BlockingIOError):
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(directory)


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    place = tmp_path / "registry.yml"
    place.symlink_to("registry.yml")
    with pytest.raises(OSError, match="symbolic links"), locked(place) as path:
        path.stat()
