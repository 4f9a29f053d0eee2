# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 1,000 peers on a router cost: routeros_interface beside community.routeros.api_modify, on the same simulator.

Both run as processes of their own, as they do below Ansible, and are timed from start to exit; Ansible itself, which
costs both the same, is left out. api_modify takes one menu per call: its peers' menu is timed, its interface is made
before. Seconds are the machine's, and nothing is asserted of them; what a run asks of the router is, and that it is so
many times faster on one that is far away.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import COLLECTIONS, Simulator, simulator
from ansible_collections.wgfleet.wireguard.tests.tools.fetch_collections import fetch

PEERS = 1000
TRIES = 3  # of what takes a second or two, of which the fastest counts: a machine that is busy with else is slower
TIMES_FASTER = 30  # in the first run, where each of the peers is one more round trip for whoever waits for each
PRIVATE_KEY = base64.b64encode(b"\x40" * 32).decode()
SITUATIONS = ("first converge", "no-op", "one change")
RUN_MODULE = CHECKOUT / "tests/tools/run_module.py"


class Run(NamedTuple):
    """One module call: its seconds, and the paths it asked the router for."""

    seconds: float
    paths: list[str]


def key(number: int) -> str:
    return base64.b64encode(number.to_bytes(32, "big")).decode()


def keepalive(number: int, changed: bool) -> int:
    """Give the keepalive of a peer, which is what changes of one of them."""
    return 30 if changed and number == PEERS // 2 else 25


def ours(changed: bool) -> dict[str, Any]:
    peers = [
        {
            "public_key": key(number),
            "allowed_ips": [f"10.{number // 256}.{number % 256}.0/24"],
            "endpoint_host": "192.0.2.1",
            "endpoint_port": 10000 + number,
            "persistent_keepalive": keepalive(number, changed),
        }
        for number in range(1, PEERS + 1)
    ]
    return {"name": "wg0", "private_key": PRIVATE_KEY, "listen_port": 13231, "peers": peers, "purge_peers": True}


def theirs(changed: bool) -> dict[str, Any]:
    peers = [
        {
            "interface": "wg0",
            "public-key": key(number),
            "allowed-address": f"10.{number // 256}.{number % 256}.0/24",
            "endpoint-address": "192.0.2.1",
            "endpoint-port": 10000 + number,
            "persistent-keepalive": f"{keepalive(number, changed)}s",
        }
        for number in range(1, PEERS + 1)
    ]
    return {"path": "interface wireguard peers", "data": peers, "handle_absent_entries": "remove"}


def run(router: Simulator, module: str, collections: Path, options: dict[str, Any]) -> tuple[Run, dict[str, Any]]:
    """Run a module as Ansible does, and give its result too."""
    login = {"hostname": "127.0.0.1", "port": router.port, "username": "admin", "password": "", "tls": False}
    asked = len(router.journal())
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(RUN_MODULE), f"ansible_collections.{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**login, "timeout": 60, **options}}),
        env={**os.environ, "PYTHONPATH": str(collections)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return Run(seconds, [entry["path"] for entry in router.journal()[asked:]]), json.loads(done.stdout)


def measured(latency: int, module: str, collections: Path, options: Callable[[bool], dict[str, Any]]) -> list[Run]:
    """Run a module in all situations on a router with its interface, and with nothing else."""
    seed = {"/interface/wireguard": [{"name": "wg0", "listen-port": "13231", "private-key": PRIVATE_KEY}]}
    with simulator("--latency", str(latency), seed=seed) as router:
        runs = [run(router, module, collections, options(changed)) for changed in (False, False, True)]
        assert [result["changed"] for _run, result in runs] == [True, False, True]
        peers = router.rows("/interface/wireguard/peers")
    assert sorted(peer["persistent-keepalive"] for peer in peers) == ["25s"] * (PEERS - 1) + ["30s"]
    return [each for each, _result in runs]


@pytest.mark.parametrize("latency", [0, 50])
def test_a_thousand_peers_take_few_round_trips(latency: int, capsys: pytest.CaptureFixture[str]) -> None:
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)  # with else: then seconds tell of that, and not of the modules
    module = "wgfleet.wireguard.plugins.modules.routeros_interface"
    tries = [measured(latency, module, COLLECTIONS, ours) for _try in range(TRIES if latency else 1)]
    fast = [min(runs, key=lambda each: each.seconds) for runs in zip(*tries, strict=True)]
    slow = measured(latency, "community.routeros.plugins.modules.api_modify", fetch(), theirs)
    with capsys.disabled():
        print("\nThis machine is busy: seconds are not judged." if busy else "")
        print(f"{PEERS} peers, {latency} ms of latency   routeros_interface           api_modify   ratio")
        for name, one, other in zip(SITUATIONS, fast, slow, strict=True):
            figures = [f"{each.seconds:7.2f} s {len(each.paths):5} requests" for each in (one, other)]
            print(f"{name:>28} {figures[0]} {figures[1]} {other.seconds / one.seconds:6.1f}")
    if latency and not busy:
        assert slow[0].seconds / fast[0].seconds >= TIMES_FASTER
    _login, *prints = fast[1].paths
    assert _login == "/login"
    assert all(path.endswith("/print") for path in prints)
    assert len(set(prints)) == len(prints)
