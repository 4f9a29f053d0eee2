# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of a module must not lose of what only our files on a Linux host still hold."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.record import (
    redirection_path,
    render_redirection,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import SOURCE_VALID_MARK
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DefaultRoute,
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Redirection
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


def test_files_of_the_host_are_neither_read_nor_touched_for_an_interface_in_a_namespace(linux: LinuxBench) -> None:
    flow(linux, START)
    run("ip", "link", "delete", "wg0")
    (redirected := linux.root / redirection_path("wg0")[1:]).parent.mkdir()
    redirected.write_text(render_redirection(Redirection(switches=frozenset({SOURCE_VALID_MARK}))), encoding="ascii")
    before = files(linux)
    run("ip", "netns", "add", "blue")
    linux.netns = "blue"
    made = flow(linux, replace(interface(peer("10.3.0.0/16", name="blue")), default_route=DefaultRoute("none")))
    assert not made.observed.is_marked
    assert (made.settled.persist, [*made.settled.files]) == ("none", ["/var/lib/wgfleet/netns/blue/wg0.json"])
    flow(linux, ADDED)
    assert {path: text for path, text in files(linux).items() if path in before} == before
    with contextlib.closing(linux.open()) as backend:
        assert "blue" in {each.name for each in backend.read().peers.values()}
    flow(linux, DesiredInterface("wg0", present=False))
    assert files(linux) == before


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({"persist": "wg_quick"}, "persist"),
        ({"persist": "networkd"}, "persist"),
        ({"default_route": DefaultRoute("fwmark", kill_switch=True)}, "default_route.kill_switch"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_a_boot_would_bring_up_for_the_host_is_refused_in_a_namespace(
    linux: LinuxBench, asked: dict[str, Any], place: str, check_mode: bool
) -> None:
    run("ip", "netns", "add", "blue")
    linux.netns = "blue"
    with pytest.raises(InvalidInput, match=rf"^{place}: cannot stand beside netns"):
        flow(linux, replace(interface(), **asked), check_mode)
    assert linux.shown() is None
    assert files(linux) == {}


def test_runs_at_the_same_time_lose_nothing_of_each_other(linux: LinuxBench) -> None:
    flow(linux, START)
    admitted = [peer(f"10.{number}.0.0/16", name=f"spoke{number}") for number in range(2, 10)]

    def admit(each: DesiredPeer) -> None:
        with contextlib.closing(linux.open()) as backend, backend.alone():
            run_module(backend, DesiredInterface("wg0", peers=(each,)), KeyRules(private_key, public_key_of), False)

    processes = [multiprocessing.get_context("fork").Process(target=admit, args=(each,)) for each in admitted]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert {process.exitcode for process in processes} == {0}
    keys = {str(each.public_key) for each in (*START.peers, *admitted)}
    seen = linux.shown()
    assert seen is not None
    assert seen.peers.keys() == keys
    assert json.loads((linux.root / RECORD).read_text(encoding="ascii"))["peers"].keys() == keys
    assert all(key in (linux.root / "etc/wireguard/wg0.conf").read_text(encoding="ascii") for key in keys)
