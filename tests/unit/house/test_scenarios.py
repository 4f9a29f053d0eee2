# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scenario of Molecule does. Molecule itself passes over a playbook that is not there, and says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3] / "molecule"
NAMES = sorted(path.parent.name for path in ROOT.glob("*/molecule.yml"))
IN_NAMESPACES = [name for name in NAMES if name != "systemd"]
NO_PLAYBOOKS = {"idempotence", "syntax"}


def settings(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name / "molecule.yml").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_a_scenario_has_its_playbook(name: str) -> None:
    named = settings(name)["ansible"].get("playbooks", {})
    steps = [step.split() for step in settings(name)["scenario"]["test_sequence"]]  # some name their playbook
    playbooks = {
        rest[0] if rest else named.get(step, f"{step}.yml") for step, *rest in steps if step not in NO_PLAYBOOKS
    }
    assert {playbook for playbook in playbooks if not (ROOT / name / playbook).is_file()} == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_runs_twice_looks_at_packets_and_leaves_nothing(name: str) -> None:
    steps = settings(name)["scenario"]["test_sequence"]
    assert (steps[0], steps[-1]) == ("destroy", "destroy")
    after = steps[steps.index("converge") :]
    assert "idempotence" in after
    assert "verify" in after


@pytest.mark.parametrize("name", IN_NAMESPACES)
def test_the_hosts_of_a_scenario_can_be_machines_that_are_there(name: str) -> None:
    inventories = settings(name)["ansible"]["executor"]["args"]["ansible_playbook"]
    assert inventories[-1] == "--inventory=${WGFLEET_MACHINES:-../shared/inventory/namespaces.yml}"
    playbooks = settings(name)["ansible"]["playbooks"]
    assert [playbooks[step] for step in ("create", "destroy")] == ["../shared/create.yml", "../shared/destroy.yml"]
    assert "cleanup" in settings(name)["scenario"]["test_sequence"]
