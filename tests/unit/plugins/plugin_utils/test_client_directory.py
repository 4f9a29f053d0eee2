# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of clients on a real disk: modes, marks, what is in the way, and what a killed run leaves."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.files import (
    MARK,
    TOP,
    Close,
    MakeDirectory,
    Remove,
    RemoveDirectory,
    Write,
    file_of,
    plan_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._client_directory import ClientDirectory

ALICE = ("corp", "alice")
CONF = file_of(ALICE, "conf")
SECRET = SecretText(b"the secret of alice")


class Reversed:
    """A cipher that everyone can break."""

    def is_encrypted(self, content: bytes) -> bool:
        return content.startswith(b"reversed ")

    def encrypt(self, content: bytes) -> bytes:
        return b"reversed " + content[::-1]

    def decrypt(self, content: bytes, path: str) -> bytes:
        return content.removeprefix(b"reversed ")[::-1]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "clients"


def directory(top: Path) -> ClientDirectory:
    return ClientDirectory(top, Reversed())


def put(top: Path, encrypt: bool = False, **contents: str) -> int:
    """Have exactly these files of alice, by their formats."""
    wanted = {file_of(ALICE, kind): SecretText(text.encode()) for kind, text in contents.items()}
    files = directory(top)
    return files.apply(plan_files(files.read(), wanted, encrypt))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def listed(top: Path) -> set[str]:
    return {str(path.relative_to(top)) for path in top.rglob("*") if path.name != MARK}


@pytest.mark.parametrize("umask", [0, 0o277])
def test_files_are_0600_in_directories_0700_whatever_the_umask(top: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        put(top, conf="x")
    finally:
        os.umask(before)
    assert {mode(path) for path in top.rglob("*") if path.is_file()} == {0o600}
    assert {mode(path) for path in [top, *top.rglob("*")] if path.is_dir()} == {0o700}


def test_no_content_is_in_a_file_before_its_mode_is_0600(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[tuple[int, int]] = []
    real = os.fsync

    def spy(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            modes.append((stat.S_IMODE(status.st_mode), status.st_size))
        real(descriptor)

    created: list[int] = []
    real_open = os.open

    def open_spy(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        if flags & os.O_CREAT:
            created.append(mode)
            assert flags & os.O_EXCL
            assert flags & os.O_NOFOLLOW
        return real_open(path, flags, mode, **options)

    monkeypatch.setattr(os, "fsync", spy)
    monkeypatch.setattr(os, "open", open_spy)
    put(top, conf="x")
    assert set(created) == {0o600}
    assert {mode for mode, _size in modes} == {0o600}
    assert all(size for _mode, size in modes)


def test_a_second_run_writes_nothing(top: Path) -> None:
    assert put(top, conf="x", png="y") == 5
    times = {path: path.stat().st_mtime_ns for path in top.rglob("*")}
    assert put(top, conf="x", png="y") == 0
    assert {path: path.stat().st_mtime_ns for path in top.rglob("*")} == times


def test_a_change_replaces_the_file_by_a_rename(top: Path) -> None:
    put(top, conf="x")
    path = top.joinpath(*CONF)
    with path.open() as reader:
        assert put(top, conf="longer than before") == 1
        assert reader.read() == "x"
    assert path.read_text() == "longer than before"


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_a_run_that_is_killed_before_any_rename_leaves_old_or_new_files_and_the_next_completes(
    top: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    put(top, conf="old", png="old")
    real: Callable[..., None] = os.replace
    calls = 0

    def killed(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > fails:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(os, "replace", killed)
    if fails < 2:
        with pytest.raises(KeyboardInterrupt):
            put(top, conf="new", png="new")
    else:
        put(top, conf="new", png="new")
    monkeypatch.undo()
    contents = [top.joinpath(*file_of(ALICE, kind)).read_text() for kind in ("conf", "png")]
    assert contents == ["new"] * fails + ["old"] * (2 - fails)
    put(top, conf="new")
    assert listed(top) == {"corp", "corp/alice", "corp/alice/alice.conf"}


def test_what_others_may_read_is_closed(top: Path) -> None:
    put(top, conf="x")
    top.chmod(0o755)
    top.joinpath(*CONF).chmod(0o644)
    assert put(top, conf="x") == 2
    assert (mode(top), mode(top.joinpath(*CONF))) == (0o700, 0o600)


def test_a_directory_of_someone_else_is_neither_written_nor_closed(top: Path) -> None:
    top.mkdir(0o755)
    (top / "letter.txt").write_text("mine")
    found = directory(top).read()
    assert list(found.others) == [TOP]
    assert "was not made by" in found.others[TOP]
    assert (mode(top), found.files) == (0o755, {})


def test_an_empty_directory_is_taken(top: Path) -> None:
    top.mkdir(0o755)
    put(top, conf="x")
    assert mode(top) == 0o700


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_what_is_no_regular_file_is_in_the_way(top: Path, kind: str) -> None:
    put(top, png="x")
    path = top.joinpath(*CONF)
    if kind == "link":
        path.symlink_to("/etc/passwd")
    else:
        path.mkdir()
    assert directory(top).read().others == {CONF: "is no regular file: move it away"}


def test_a_link_to_a_directory_is_not_followed(top: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    top.symlink_to(tmp_path / "elsewhere")
    assert directory(top).read().others == {TOP: "is no directory: move it away"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_in_the_way(top: Path) -> None:
    put(top, conf="x")
    os.chown(top.joinpath(*CONF), 12345, 12345)
    assert "12345" in directory(top).read().others[CONF]


def test_files_of_a_client_that_is_gone_are_removed_and_those_of_others_stay(top: Path) -> None:
    put(top, conf="x", png="y")
    put(top)
    assert listed(top) == set()
    put(top, conf="x")
    top.joinpath("corp", "alice", "photo.jpg").write_text("mine")
    assert put(top) == 1
    assert listed(top) == {"corp", "corp/alice", "corp/alice/photo.jpg"}


def test_encrypted_files_are_compared_in_clear(top: Path) -> None:
    put(top, encrypt=True, conf="secret")
    assert top.joinpath(*CONF).read_bytes() == b"reversed terces"
    found = directory(top).read().files[CONF]
    assert (found.content.reveal(), found.encrypted) == ("secret", True)
    assert put(top, encrypt=True, conf="secret") == 0
    assert put(top, encrypt=False, conf="secret") == 1
    assert top.joinpath(*CONF).read_text() == "secret"


def test_a_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    files = ClientDirectory(tmp_path / "missing" / "clients", Reversed())
    with pytest.raises(PersistenceError, match=r"missing: No such file or directory"), files.locked():
        pass
    with pytest.raises(PersistenceError, match=r"missing/clients: No such file or directory"):
        files.apply([MakeDirectory(TOP)])


def test_each_step_is_a_write(top: Path) -> None:
    files = directory(top)
    made = [MakeDirectory(TOP), MakeDirectory(("corp",)), MakeDirectory(ALICE), Write(CONF, SECRET, False)]
    assert files.apply(made) == 4
    assert files.apply([Close(CONF, 0o600), Remove(CONF), RemoveDirectory(ALICE)]) == 3
    assert listed(top) == {"corp"}
