# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scenario of Molecule does. Molecule itself passes over a playbook that is not there, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
ROOT = CHECKOUT / "molecule"
NAMES = sorted(path.parent.name for path in ROOT.glob("*/molecule.yml"))
# Those whose hosts cannot be machines that are there, with the reason that the guide gives.
MAKES_ITS_MACHINES = {
    "systemd": "its containers are bare, some lack on purpose what WireGuard needs, "
    "and it stops and starts all of them by podman",
}
IN_NAMESPACES = [name for name in NAMES if name not in MAKES_ITS_MACHINES]
GUARD = "lookup('ansible.builtin.env', 'WGFLEET_MACHINES') | length == 0"
# Where a task of Ansible's own works on the controller, which a router's connection leads to as well.
ON_THE_CONTROLLER = ("localhost", "routers")
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


def tasks(entries: list[dict[str, Any]], guards: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Give each task, and on what it and the blocks around it depend."""
    for entry in entries:
        conditions = f"{guards} {entry.get('when', '')}"
        if "block" in entry:
            yield from tasks(entry["block"], conditions)
        else:
            yield entry, conditions


PLAYBOOKS = [path for name in ("shared", *IN_NAMESPACES) for path in sorted((ROOT / name).glob("*.yml"))]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_where_the_machines_are_there_nothing_is_done_to_the_controller(path: Path) -> None:
    """But that the scenario forgets what it has written into Molecule's own directory."""
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    unguarded = [
        task["name"]
        for play in (plays if isinstance(plays, list) else [])
        if play.get("hosts") in ON_THE_CONTROLLER
        for task, conditions in tasks(play.get("tasks", []))
        if not any(key.startswith("wgfleet.wireguard.") for key in task)
        and not (GUARD in conditions or "destroy_lab.stdout" in conditions or "MOLECULE_EPHEMERAL" in str(task))
    ]
    assert unguarded == []


@pytest.mark.parametrize("name", MAKES_ITS_MACHINES)
def test_the_guide_says_why_a_scenario_has_no_use_for_machines(name: str) -> None:
    guide = " ".join((CHECKOUT / "docs/docsite/rst/guide_testing.rst").read_text(encoding="utf-8").split())
    assert f"``{name}`` has no use for machines of yours: {MAKES_ITS_MACHINES[name]}." in guide


@pytest.mark.parametrize("name", NAMES)
def test_the_guide_has_every_scenario(name: str) -> None:
    assert f"``{name}``" in (CHECKOUT / "docs/docsite/rst/guide_testing.rst").read_text(encoding="utf-8")
