# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A default route whose run is killed (SIGKILL) before any one of its writes: it is completed, or undone."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DefaultRoute,
    DesiredInterface,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import adapted
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import LinuxBench
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    converge,
    in_child,
    interface,
    peer,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import ip, run
from ansible_collections.wgfleet.wireguard.tests.conformance.test_killed_runs import REMOVAL, KilledBackend

GATEWAY = peer("0.0.0.0/0", endpoint="192.0.2.1:51820")
# Its metric is that of ours: one takes the place of the other at once.
OLD_DEFAULT = "default via 198.51.100.1 dev uplink proto static src 198.51.100.2 mtu 1400"


def host_with_uplink() -> None:
    run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "provider")
    run("ip", "address", "add", "198.51.100.2/24", "dev", "uplink", "noprefixroute")
    for name in ("provider", "uplink"):
        run("ip", "link", "set", name, "up", "addrgenmode", "none")
    run("ip", "route", "add", "198.51.100.0/24", "dev", "uplink")
    run("ip", "route", "add", *OLD_DEFAULT.split())


def ways() -> Any:
    """What a default route leaves on a host beside its interface."""
    rows = ip("-4", "route", "show", "table", "all"), ip("-4", "rule", "show")
    switch = run("cat", "/proc/sys/net/ipv4/conf/all/src_valid_mark")
    return rows, switch, run("nft", "list", "tables")


def killed_after(bench: LinuxBench, desired: DesiredInterface, writes: int) -> bool:
    """Apply in a process that is killed after so many writes; tell whether it was before it could end."""

    def run_into_it() -> None:
        backend = bench.make(KilledBackend)
        assert isinstance(backend, KilledBackend)
        backend.writes_left = writes
        observed = backend.read()
        backend.apply(plan(observed, adapted(desired, backend), backend.files))

    status = in_child(run_into_it)
    assert status in (0, -signal.SIGKILL)
    return status != 0


@pytest.mark.parametrize("method", ["fwmark", "replace"])
def test_a_killed_default_route_is_completed_or_undone(linux: LinuxBench, method: str) -> None:
    host_with_uplink()
    desired = interface(
        GATEWAY,
        listen_port=51820,
        addresses=addresses("10.0.0.1/24"),
        persist="wg_quick",
        default_route=DefaultRoute(method, kill_switch=True),
    )
    before = ways()
    converge(linux, desired)
    complete = ways()
    converge(linux, REMOVAL)
    assert ways() == before
    writes = 0
    while killed_after(linux, desired, writes):
        if writes % 2:  # undone from every second place, completed from the others
            converge(linux, desired)
            assert ways() == complete, f"after {writes} writes"
        converge(linux, REMOVAL)
        assert ways() == before, f"after {writes} writes"
        writes += 1
    assert writes > 10
    for writes in range(20):
        converge(linux, desired)
        if not killed_after(linux, REMOVAL, writes):
            break
        converge(linux, REMOVAL)
        assert ways() == before, f"after {writes} writes of the removal"
    with contextlib.suppress(FileNotFoundError):
        assert os.listdir(linux.root / "var/lib/wgfleet/default_route") == []
