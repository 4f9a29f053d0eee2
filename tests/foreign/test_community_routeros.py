# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""community.routeros, whose modules no one here wrote, reads and configures the simulator as it does a router."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import simulator
from ansible_collections.wgfleet.wireguard.tests.tools.fetch_collections import fetch

KEYS = ["A" * 42 + letter + "=" for letter in "EIM"]
WANTED: dict[str, list[dict[str, Any]]] = {
    "interface wireguard": [{"name": "wg0", "listen-port": 13231, "mtu": 1400}],
    "interface wireguard peers": [
        {"interface": "wg0", "public-key": KEYS[0], "allowed-address": "10.0.0.2/32", "comment": "yes"},
        {"interface": "wg0", "public-key": KEYS[1], "allowed-address": "10.0.0.3/32,10.3.0.0/24",
         "endpoint-address": "vpn.example", "endpoint-port": 51820, "persistent-keepalive": "25s"},
    ],
    "ip address": [{"interface": "wg0", "address": "10.0.0.1/24", "comment": "123"}],
    "ip route": [{"dst-address": "10.3.0.0/24", "gateway": "wg0", "distance": 5}],
    "interface list": [{"name": "VPN"}],
    "interface list member": [{"list": "VPN", "interface": "wg0"}],
    "ip firewall filter": [
        {"chain": "input", "protocol": "udp", "dst-port": "13231", "action": "accept", "comment": "first"},
        {"chain": "input", "action": "drop", "in-interface-list": "!VPN", "comment": "last"},
    ],
}  # fmt: skip
CHANGED: dict[str, list[dict[str, Any]]] = {
    "interface wireguard peers": [
        {"interface": "wg0", "public-key": KEYS[2], "allowed-address": "10.0.0.4/32"},
        {**WANTED["interface wireguard peers"][1], "allowed-address": "10.0.0.3/32", "persistent-keepalive": "30s"},
    ],
    "ip firewall filter": [*reversed(WANTED["ip firewall filter"])],
}


def tasks(wanted: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One task per menu that makes it hold these rows and no others."""
    return [
        {
            "name": path,
            "community.routeros.api_modify": {
                "path": path,
                "data": rows,
                "handle_absent_entries": "remove",
                "handle_entries_content": "remove_as_much_as_possible",
                "ensure_order": path == "ip firewall filter",
            },
        }
        for path, rows in wanted.items()
    ]


def run(directory: Path, port: int, work: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run tasks against a simulator and give their results."""
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {
                "group/community.routeros.api": {
                    "hostname": "127.0.0.1", "port": port, "username": "admin", "password": "",
                    "encoding": "UTF-8",
                }
            },
            "tasks": work,
        }
    ]  # fmt: skip
    (directory / "play.json").write_text(json.dumps(play), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "play.json"],
        cwd=directory,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(fetch()),
            "ANSIBLE_HOME": str(directory / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_CALLBACKS_ENABLED": "run_record",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).resolve().parents[1] / "lab/callbacks"),
            "WGFLEET_RUN_RECORD": str(directory / "record.jsonl"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (directory / "record.jsonl").read_text(encoding="utf-8").splitlines()
    (directory / "record.jsonl").unlink()
    return [entry["result"] for line in lines if "recap" not in (entry := json.loads(line))]


@pytest.mark.parametrize("version", ["7.16.2", "7.22.2"])
def test_api_modify_converges_and_api_info_sees_it(tmp_path: Path, version: str) -> None:
    with simulator("--version", version) as router:
        first = run(tmp_path, router.port, tasks(WANTED))
        assert all(result["changed"] for result in first)

        info = [{"community.routeros.api_info": {"path": path, "hide_defaults": False}} for path in WANTED]
        results = run(tmp_path, router.port, [*tasks(WANTED), *info])
        assert not any(result["changed"] for result in results)
        by_path = dict(zip(WANTED, results[len(WANTED) :], strict=True))
        assert [row["comment"] for row in by_path["ip firewall filter"]["result"]] == ["first", "last"]
        assert by_path["interface wireguard peers"]["result"][1]["persistent-keepalive"] == "25s"

        changed = run(tmp_path, router.port, [*tasks(CHANGED), *tasks(CHANGED)])
        assert [result["changed"] for result in changed] == [True, True, False, False]
        assert [row["comment"] for row in router.rows("/ip/firewall/filter")] == ["last", "first"]
        assert {row["public-key"] for row in router.rows("/interface/wireguard/peers")} == {KEYS[1], KEYS[2]}
