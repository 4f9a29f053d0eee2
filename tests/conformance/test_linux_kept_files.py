# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of a module must not lose of what only our files on a Linux host still hold."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET, DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import KeyRules, Outcome
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import converge as run_module
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import LinuxBench
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    interface,
    peer,
    private_key,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import run

START = interface(peer("10.1.0.0/16"), addresses=addresses("10.0.0.1/24"), persist="wg_quick")
WITHOUT_KEY = DesiredInterface("wg0", addresses=addresses("10.0.0.1/24"), persist="wg_quick")
ADDED = DesiredInterface("wg0", peers=(peer("10.2.0.0/16"),))
RECORD = "var/lib/wgfleet/wg0.json"


def flow(linux: LinuxBench, desired: DesiredInterface, check_mode: bool = False) -> Outcome:
    """Do what a module does."""
    with contextlib.closing(linux.open()) as backend:
        return run_module(backend, desired, KeyRules(private_key, public_key_of), check_mode)


def files(linux: LinuxBench) -> dict[Path, bytes]:
    """Give all files below the root of the host."""
    return {path: path.read_bytes() for path in linux.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("desired", "lost"),
    [
        (WITHOUT_KEY, "private key and peers"),
        (replace(WITHOUT_KEY, purge_peers=True), "private key"),
        (replace(START, peers=ADDED.peers), "peers"),
        (replace(WITHOUT_KEY, persist="none"), "private key and peers"),
        (replace(WITHOUT_KEY, persist=UNSET), "private key and peers"),
    ],
)
def test_an_interface_that_is_down_is_not_made_anew_without_what_its_file_still_holds(
    linux: LinuxBench, desired: DesiredInterface, lost: str, check_mode: bool
) -> None:
    flow(linux, START)
    run("ip", "link", "delete", "wg0")
    before = files(linux)
    said = rf"^wg0 is not there, and /etc/wireguard/wg0\.conf still holds its {lost}, .*systemctl restart wg-quick@wg0"
    with pytest.raises(PersistenceError, match=said):
        flow(linux, desired, check_mode)
    assert linux.shown() is None
    assert files(linux) == before


@pytest.mark.parametrize(
    "desired", [START, replace(START, peers=ADDED.peers, purge_peers=True)], ids=["all named", "purged"]
)
def test_an_interface_that_is_down_is_made_anew_where_nothing_gets_lost(
    linux: LinuxBench, desired: DesiredInterface
) -> None:
    flow(linux, START)
    run("ip", "link", "delete", "wg0")
    flow(linux, desired)
    seen = linux.shown()
    assert seen is not None
    assert seen.peers.keys() == {str(each.public_key) for each in desired.peers}
    flow(linux, DesiredInterface("wg0", present=False))
    assert files(linux) == {}


@pytest.mark.parametrize("record", [None, "{", '{"format": 2}'], ids=["missing", "damaged", "of another format"])
def test_without_a_record_no_file_that_brings_an_interface_up_is_removed(linux: LinuxBench, record: str | None) -> None:
    flow(linux, START)
    (linux.root / RECORD).unlink()
    if record is not None:
        (linux.root / RECORD).write_text(record, encoding="ascii")
    before = (linux.shown(), files(linux))
    with pytest.raises(PersistenceError, match=r"wg0\.json should tell, and it is .* persist=wg_quick"):
        flow(linux, ADDED)
    assert (linux.shown(), files(linux)) == before
    flow(linux, replace(ADDED, persist="wg_quick"))
    assert flow(linux, ADDED).steps == ()
