# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a playbook serves. To Ansible, a pattern that names no host is a success, and so a monitor would never fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
NAMES = sorted(path.stem for path in PLAYBOOKS.glob("*.yml") if "wireguard_hosts" in path.read_text(encoding="utf-8"))


def served(name: str, hosts: object, tmp_path: Path) -> str:
    """What a playbook says of the hosts that it is given."""
    inventory = {"all": {"children": {"sites": {"hosts": {"office1": {"ansible_connection": "local"}}}}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(tmp_path / "hosts.json"), "--list-hosts"]
    given = [] if hosts is None else ["-e", json.dumps({"wireguard_hosts": hosts})]
    done = subprocess.run([*command, f"wgfleet.wireguard.{name}", *given], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else done.stderr


def test_every_playbook_that_is_run_on_a_fleet_takes_a_pattern() -> None:
    assert set(NAMES) == {path.stem for path in PLAYBOOKS.glob("*.yml")} - {"demo"}


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_that_names_no_host_is_an_error(name: str, tmp_path: Path) -> None:
    assert "wireguard_hosts=sitez names no host of this inventory" in served(name, "sitez", tmp_path)


def test_without_an_inventory_a_playbook_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(
        "- ansible.builtin.import_playbook: wgfleet.wireguard.status\n  vars: {wireguard_hosts: sites}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "ansible", "playbook", "--syntax-check", str(tmp_path / "play.yml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("hosts", [None, "sites", "all", ["office1"]])
def test_hosts_are_those_that_a_pattern_names_and_else_all(hosts: object, tmp_path: Path) -> None:
    assert "hosts (1):\n      office1" in served("status", hosts, tmp_path)
