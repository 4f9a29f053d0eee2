# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the modules' documentation run as they stand, and return what is documented."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT, Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, star_fleet, star_network

PACKAGE = "ansible_collections.wgfleet.wireguard.plugins.modules"
MODULES = sorted(
    path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py") if not path.stem.startswith("routeros_")
)
HOSTS = ("office1", "office2")


def documented(module: str, part: str) -> Any:
    return yaml.safe_load(getattr(importlib.import_module(f"{PACKAGE}.{module}"), part))


@pytest.fixture
def fleet(lab: Callable[..., Lab], tmp_path: Path) -> Fleet:
    built = star_fleet(lab, tmp_path, *HOSTS)
    built.lab.run("office1", ["mkdir", "-p", "/etc/wireguard"])
    return built


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_as_they_stand_and_return_what_is_documented(fleet: Fleet, module: str) -> None:
    examples = documented(module, "EXAMPLES")
    networks = star_network(*HOSTS)
    inventory = fleet.lab.inventory("office1", wireguard_networks=networks)
    setting = documented("linux_peer", "EXAMPLES")[:2] if module.endswith("_info") else []
    play = [{"hosts": "all", "gather_facts": False, "tasks": setting + examples}]
    run = fleet.playbooks.run(play, inventory)
    own = [entry for entry in run.results if entry.action == f"wgfleet.wireguard.{module}"]
    assert [entry.status for entry in run.results] == ["ok"] * len(play[0]["tasks"])
    assert own
    always = {name for name, value in documented(module, "RETURN").items() if value["returned"] == "success"}
    for entry in own:
        assert always <= entry.result.keys()
