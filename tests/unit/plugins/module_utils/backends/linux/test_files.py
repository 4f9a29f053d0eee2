# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files take their places whole or not at all, whatever happens."""

from __future__ import annotations

import os
import pwd
import signal
import sys
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import systemd
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot import observed_files
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import (
    netdev_path,
    quick_path,
    record_path,
    start_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.observed_files import (
    boot_obstacle,
    find_quick_unit,
    read_files,
    refuse_idle_networkd,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import (
    files as redirection_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged, sweep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import RemoveFile, WriteFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

ME = pwd.getpwuid(os.geteuid()).pw_name
CONF, LINK, NETDEV, RECORD = (path("wg0") for path in (quick_path, start_path, netdev_path, record_path))
KEPT = CONF + ".before-wgfleet"
UNIT = "/lib/systemd/system/wg-quick@.service"
STEPS = (
    WriteFile(LINK, File(SecretText(UNIT.encode()), link=True)),
    WriteFile(CONF, File(SecretText(MANAGED.encode() + b"\nours"), owner=ME), keep_as=KEPT),
    WriteFile(RECORD, File(SecretText(b"{}"), owner=ME)),
    RemoveFile(NETDEV),
)
EARLIER = {CONF: "theirs", NETDEV: MANAGED + "\nold"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path / "root")


def made(root: Path) -> Path:
    for path, text in EARLIER.items():
        place = root / path[1:]
        place.parent.mkdir(parents=True)
        place.write_text(text)
        place.chmod(0o600)
    return root


def tree(root: Path) -> dict[str, str]:
    return {
        f"/{place.relative_to(root)}": os.readlink(place) if place.is_symlink() else place.read_text()
        for place in root.rglob("*")
        if place.is_symlink() or place.is_file()
    }


AFTER = {LINK: UNIT, CONF: MANAGED + "\nours", RECORD: "{}", KEPT: "theirs"}


def test_committed_files_are_in_their_places(root):
    with Staged(STEPS, str(root)) as staged:
        staged.commit()
    assert tree(root) == AFTER


def test_nothing_changes_before_the_commit(root):
    with Staged(STEPS, str(root)) as staged:
        assert {path: text for path, text in tree(root).items() if ".wgfleet-new" not in path} == EARLIER
        assert [path for path, _action in staged.commits()] == [step.path for step in STEPS]
    assert tree(root) == EARLIER
    assert not (root / "var").exists()


def test_files_are_readable_by_their_owner_alone_also_while_they_wait(root):
    mask = os.umask(0)
    try:
        with Staged(STEPS, str(root)) as staged:
            waiting = [place for place in root.rglob(".*.wgfleet-new") if not place.is_symlink()]
            assert [place.stat().st_mode & 0o777 for place in waiting] == [0o600, 0o600]
            staged.commit()
    finally:
        os.umask(mask)
    assert (root / CONF[1:]).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: (root / RECORD[1:]).mkdir(parents=True),
        lambda root: (root / "var").write_text("no directory"),
    ],
    ids=["a directory is in the way", "the directory cannot be made"],
)
def test_failed_staging_changes_nothing(root, spoil):
    spoil(root)
    before = tree(root)
    with pytest.raises(PersistenceError):
        Staged(STEPS, str(root))
    assert tree(root) == before


def test_unknown_owner_is_told(root):
    with pytest.raises(PersistenceError, match="no user nobody-of-this-name"):
        Staged([WriteFile(CONF, File(SecretText(b""), owner="nobody-of-this-name"))], str(root))
    assert tree(root) == EARLIER


def test_file_kept_before_is_not_overwritten(root):
    (root / KEPT[1:]).write_text("first")
    with Staged(STEPS, str(root)) as staged:
        staged.commit()
    assert tree(root) == {**AFTER, KEPT: "first", KEPT + ".1": "theirs"}


def killed_at(event: int, root: Path) -> bool:
    """Carry out the steps in a process that dies right before its n-th dealing with a file; False where it lived."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    events = iter(range(event))

    def hook(name: str, _arguments: object) -> None:
        deals = name == "open" or (name.startswith("os.") and name != "os.kill")
        if deals and next(events, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(hook)
        with Staged(STEPS, str(root)) as staged:
            staged.commit()
    finally:
        os._exit(0)


# The child needs nothing of the threads that it does not inherit.
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_killed_run_leaves_each_file_whole_and_the_next_run_finishes(tmp_path):
    event = 0
    while killed_at(event, made(tmp_path / str(event))):
        root = tmp_path / str(event)
        left = tree(root)
        assert left[CONF] in (EARLIER[CONF], AFTER[CONF])
        assert left.get(KEPT, "theirs") == "theirs"
        for path in (LINK, RECORD):
            assert left.get(path, AFTER[path]) == AFTER[path]
        rest = [step for step in STEPS if left.get(step.path) != AFTER.get(step.path)]
        with Staged(rest, str(root)) as staged:
            staged.commit()
        assert tree(root) == AFTER
        event += 1
    assert event > 10


def test_reading_tells_what_is_ours(root):
    found = read_files("wg0", str(root))
    assert found.files == {
        CONF: File(SecretText(b"theirs"), owner=ME, foreign=True),
        NETDEV: File(SecretText(EARLIER[NETDEV].encode()), owner=ME),
    }
    assert found.record.problem == "it is missing"


def test_link_belongs_to_whom_its_file_belongs(root):
    (root / LINK[1:]).parent.mkdir(parents=True)
    (root / LINK[1:]).symlink_to(UNIT)
    assert read_files("wg0", str(root)).files[LINK] == File(SecretText(UNIT.encode()), link=True, foreign=True)
    (root / CONF[1:]).write_text(MANAGED)
    assert not read_files("wg0", str(root)).files[LINK].foreign


def test_what_was_written_is_read_as_it_was_meant(root):
    with Staged(STEPS, str(root)) as staged:
        staged.commit()
    meant = {step.path: step.file for step in STEPS if isinstance(step, WriteFile)}
    assert read_files("wg0", str(root)).files == meant


def test_file_that_others_may_read_differs_from_what_shall_be(root):
    (root / NETDEV[1:]).chmod(0o644)
    assert read_files("wg0", str(root)).files[NETDEV].mode == 0o644


def test_broken_record_is_ours_and_its_problem_is_told(root):
    (root / RECORD[1:]).parent.mkdir(parents=True)
    (root / RECORD[1:]).write_bytes(b"\xff{")
    found = read_files("wg0", str(root))
    assert found.record.problem
    assert not found.files[RECORD].foreign


def test_unreadable_place_is_an_error(root):
    (root / RECORD[1:]).mkdir(parents=True)
    with pytest.raises(PersistenceError):
        read_files("wg0", str(root))


def test_unit_is_found_where_distributions_have_it(root):
    assert find_quick_unit(str(root)) is None
    unit = root / "usr/lib/systemd/system/wg-quick@.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert find_quick_unit(str(root)) == "/usr/lib/systemd/system/wg-quick@.service"


def test_directories_of_ours_go_with_the_last_that_was_in_them(root):
    units = "/etc/systemd/system"
    lonely, shared = f"{units}/nftables.service.wants", f"{units}/sysinit.target.wants"
    for directory in (lonely, shared, "/var/lib/wgfleet/default_route", "/etc/wgfleet"):
        (root / directory[1:]).mkdir(parents=True)
    (root / shared[1:] / "theirs.service").touch()
    sweep([], str(root))
    assert (root / lonely[1:]).exists()
    sweep([f"{lonely}/ours.service", f"{shared}/ours.service"], str(root))
    left = [
        path for path in (lonely, shared, "/var/lib/wgfleet", "/var/lib", "/etc/wgfleet") if (root / path[1:]).exists()
    ]
    assert left == [shared, "/var/lib"]


def test_directories_of_a_namespace_go_with_the_last_that_was_in_them(root):
    records = root / "var/lib/wgfleet/netns"
    for namespace in ("blue", "red"):
        (records / namespace / "default_route").mkdir(parents=True)
    (records / "red/wg0.json").touch()
    sweep([record_path("wg0", "blue"), record_path("wg1", "red")], str(root))
    assert [path.name for path in records.iterdir()] == ["red"]


def test_a_namespace_has_its_own_records_however_it_is_named():
    assert record_path("wg0", "blue") == record_path("wg0", "/run/netns/blue") != record_path("wg0")
    assert record_path("wg0", "/proc/1/ns/net") != record_path("wg0", "/proc/2/ns/net")


BOOTED, PROGRAM = "run/systemd/system/x", "usr/lib/systemd/systemd-networkd"


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([], ""),
        ([BOOTED], "is not installed"),
        ([BOOTED, PROGRAM], "systemctl enable --now systemd-networkd, or use persist wg_quick"),
        ([BOOTED, PROGRAM, "run/systemd/netif/state"], ""),
        ([BOOTED, PROGRAM, "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"], ""),
    ],
)
def test_networkd_that_would_bring_nothing_up_is_refused_with_the_way_out(tmp_path, places, said):
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    if not said:
        refuse_idle_networkd(str(tmp_path))
        return
    with pytest.raises(PersistenceError, match=said):
        refuse_idle_networkd(str(tmp_path))


@pytest.mark.parametrize(
    ("state", "idle"),
    [
        ("ActiveState=active\nNeedDaemonReload=no", False),
        ("ActiveState=inactive\nNeedDaemonReload=no", True),
        ("ActiveState=active\nNeedDaemonReload=yes", True),
    ],
)
def test_a_kill_switch_whose_unit_is_not_started_differs_from_what_shall_be(root, monkeypatch, state, idle):
    monkeypatch.setattr(systemd, "run_program", lambda words, may_fail: state if words[-1] in unit else "")
    unit = redirection_files.unit_path("wg0")
    unit_file = File.of_text(f"{MANAGED}\n", mode=0o644, owner=ME)
    with Staged([WriteFile(unit, unit_file)], str(root)) as staged:
        staged.commit()
    assert not read_files("wg0", str(root)).files[unit].idle  # systemd does not run
    (root / "run/systemd/system").mkdir(parents=True)
    assert (read_files("wg0", str(root)).files[unit] != unit_file) == idle


QUICK_UNIT, DROP_IN = UNIT[1:], "etc/systemd/system/wg-quick@.service.d/program.conf"


@pytest.mark.parametrize(
    ("state", "there", "has_kernel", "obstacle"),
    [
        ({}, [], True, "install wireguard-tools"),
        ({}, [QUICK_UNIT], True, ""),
        ({"up": False}, [], True, ""),
        ({"persist": "none"}, [], False, ""),
        ({"persist": "networkd"}, [], True, ""),
        ({"persist": "networkd"}, [], False, "use persist wg_quick"),
        ({}, [QUICK_UNIT], False, "wg-quick takes wireguard-go then, which is not installed"),
        ({}, [QUICK_UNIT, "bin/wireguard-go"], False, ""),
        ({}, [QUICK_UNIT, DROP_IN], False, ""),
    ],
)
def test_what_is_up_and_would_not_come_up_at_boot_is_known(tmp_path, monkeypatch, state, there, has_kernel, obstacle):
    monkeypatch.setattr(observed_files, "kernel_has_wireguard", lambda: has_kernel)
    monkeypatch.setattr(observed_files, "find_program", lambda name: f"bin/{name}" in there)
    for path in there:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("[Service]\nEnvironment=WG_QUICK_USERSPACE_IMPLEMENTATION=other\n")
    seen = Interface("wg0", **{"up": True, "persist": "wg_quick", "implementation": "userspace", **state})
    assert boot_obstacle(seen, str(tmp_path)) == ""  # without systemd, nobody knows
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    found = boot_obstacle(seen, str(tmp_path))
    assert obstacle in found
    assert bool(obstacle) == bool(found)
