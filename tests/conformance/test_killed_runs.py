# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed (SIGKILL) before any one of its writes: the next converges, and nothing is lost meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import LinuxBench
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    apply,
    converge,
    in_child,
    interface,
    peer,
    preshared_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown, run

STAYS = peer("10.1.0.0/16", endpoint="192.0.2.1:1000", preshared_key=preshared_key(), name="stays")
CHANGES = peer("10.2.0.0/16", "10.3.0.0/16", endpoint="192.0.2.2:1000")
LEAVES = peer("10.4.0.0/16")
START = interface(
    STAYS,
    CHANGES,
    LEAVES,
    listen_port=51820,
    mtu=1380,
    addresses=addresses("10.0.0.1/24", "fd00::1/64"),
    routes=routes("10.1.0.0/16", "fd01::/64"),
    rules=frozenset({Rule(4, 100, 51820, fwmark=7)}),
    persist="wg_quick",
    purge_peers=True,
)
CHANGE = replace(
    START,
    peers=(
        STAYS,
        peer("10.3.0.0/16", key=CHANGES.public_key, endpoint="192.0.2.9:1000"),
        peer("10.2.0.0/16", preshared_key=preshared_key()),
    ),
    mtu=1400,
    fwmark=7,
    addresses=addresses("10.0.0.1/24", "10.0.5.1/24"),
    routes=routes("10.1.0.0/16", "10.2.0.0/16"),
    rules=frozenset({Rule(6, 100, 51820, fwmark=7)}),
)
ELSEWHERE = replace(START, persist="none")
REMOVAL = DesiredInterface("wg0", present=False)


class KilledBackend(LinuxBackend):
    """The Linux backend in a process that does not survive its n-th write."""

    writes_left = 0

    def _write(self, what: str, action: Callable[[], int | None]) -> None:
        if self.writes_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.writes_left -= 1
        super()._write(what, action)


def killed_after(bench: LinuxBench, desired: DesiredInterface, writes: int) -> bool:
    """Apply in a process that is killed after so many writes; tell whether it was before it could end."""

    def run_into_it() -> None:
        backend = bench.make(KilledBackend)
        assert isinstance(backend, KilledBackend)
        backend.writes_left = writes
        backend.apply(plan(backend.read(), desired, backend.files))

    status = in_child(run_into_it)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def assert_complete(seen: Shown | None) -> None:
    """A first run may have done anything up to here, but a peer is there with its preshared key and prefixes or not."""
    peers = seen.peers if seen else {}
    assert all(each.allowed_ips for each in peers.values())


def assert_nothing_lost(seen: Shown | None) -> None:
    assert seen is not None
    assert START.private_key.reveal() == seen.private_key
    stays = seen.peers[str(STAYS.public_key)]
    assert (stays.preshared_key, stays.endpoint) == (STAYS.preshared_key.reveal(), "192.0.2.1:1000")
    assert stays.allowed_ips == {"10.1.0.0/16"}
    assert "10.3.0.0/16" in seen.peers[str(CHANGES.public_key)].allowed_ips
    assert "10.0.0.1/24" in seen.addresses
    assert ("10.1.0.0/16", 254, 0) in seen.routes


def assert_anything(_seen: Shown | None) -> None:
    """A removal may leave any part of what is to go."""


@pytest.mark.parametrize(
    ("netns", "before", "desired", "holds"),
    [
        pytest.param(None, None, START, assert_complete, id="creation"),
        pytest.param("inner", None, ELSEWHERE, assert_complete, id="creation-elsewhere"),
        pytest.param(None, START, CHANGE, assert_nothing_lost, id="change"),
        pytest.param(None, START, REMOVAL, assert_anything, id="removal"),
        pytest.param("inner", ELSEWHERE, REMOVAL, assert_anything, id="removal-elsewhere"),
    ],
)
def test_a_run_that_was_killed_is_completed_by_the_next(
    linux: LinuxBench,
    netns: str | None,
    before: DesiredInterface | None,
    desired: DesiredInterface,
    holds: Callable[[Shown | None], None],
) -> None:
    run("ip", "netns", "add", "inner")
    linux.netns = netns
    expected = _straight(linux, before, desired)
    writes = 0
    while True:
        apply(linux, REMOVAL)
        if before is not None:
            apply(linux, before)
        killed = killed_after(linux, desired, writes)
        holds(linux.shown())
        converge(linux, desired)
        assert linux.shown() == expected, f"after {writes} writes"
        if not killed:
            break
        writes += 1
    assert writes > 2


def _straight(bench: LinuxBench, before: DesiredInterface | None, desired: DesiredInterface) -> Shown | None:
    """What the judge says after a run that was not killed."""
    if before is not None:
        converge(bench, before)
    converge(bench, desired)
    return bench.shown()
