# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time, whoever dies meanwhile."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import time
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import lock
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.lock import locked
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "_DIRECTORY", str(tmp_path))
    return tmp_path


def test_of_many_writers_each_sees_what_the_one_before_has_written(place: Path) -> None:
    (place / "count").write_text("0")

    def count() -> None:
        with locked("wg0"):
            seen = int((place / "count").read_text())
            time.sleep(0.01)
            (place / "count").write_text(str(seen + 1))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(count) for _each in range(16)]:
            done.result(30)
    assert (place / "count").read_text() == "16"
    assert [path.name for path in place.iterdir()] == ["count"]


def test_other_locks_do_not_wait_for_each_other() -> None:
    with locked("wg0"), locked("wg1"):
        pass


def test_who_waits_too_long_is_told_for_what(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(lock, "_PATIENCE", 0.2)
    said = f"another run holds {place}/wgfleet-wg0.lock .* nothing was written"
    with locked("wg0"), pytest.raises(DeviceError, match=said), locked("wg0"):
        pass
    with locked("wg0"):
        pass


def test_what_a_killed_run_has_held_is_free(place: Path) -> None:
    pid = os.fork()
    if pid == 0:
        with locked("wg0"):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert (place / "wgfleet-wg0.lock").exists()
    with locked("wg0"):
        pass
    assert not (place / "wgfleet-wg0.lock").exists()


def test_a_place_that_cannot_be_written_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_DIRECTORY", str(place / "nowhere"))
    said = r"cannot write .*/nowhere/wgfleet-wg0\.lock: No such file"
    with pytest.raises(DeviceError, match=said), locked("wg0"):
        pass
