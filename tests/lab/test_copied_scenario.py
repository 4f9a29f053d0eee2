# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario in a user's own repository, and the demo: what two guides say is typed there, as it stands.

Nothing of the checkout is in reach: the collection is built, and installed for a user who has nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    CHECKOUT,
    Lab,
    Topology,
    call_lab,
    demo_topology,
)
from ansible_collections.wgfleet.wireguard.tests.lab.networks import WORKSTATIONS
from ansible_collections.wgfleet.wireguard.tests.lab.routers import office, reached, switched_on
from ansible_collections.wgfleet.wireguard.tests.lab.ssh import ssh_inventory

GUIDE = CHECKOUT / "docs/docsite/rst/guide_testing.rst"
PLAYBOOKS = CHECKOUT / "docs/docsite/rst/guide_playbooks.rst"
SCENARIO = "site_to_site"


class Repository:
    """An empty directory of a user, and what the user types there."""

    def __init__(self, home: Path) -> None:
        self.directory = home / "network"
        self.directory.mkdir(parents=True)
        aside = ("ANSIBLE_", "MOLECULE_", "PYTHONPATH", "WGFLEET_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(aside)}
        self.environment["HOME"] = str(home)
        self.environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def types(self, command: str, **environment: str) -> str:
        """Run one line of a shell, which must not fail, and give what it printed."""
        process = subprocess.Popen(
            ["sh", "-c", command], cwd=self.directory, env={**self.environment, **environment}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            said = process.communicate()[0]
        finally:  # a test that takes too long is ended by an exception
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0, f"{command}\n{said}"
        return said

    def lab(self, scenario: str = SCENARIO) -> str:
        """The name that a scenario gives to its lab."""
        place = next((self.directory.parent / ".ansible/tmp").glob(f"molecule.*.{scenario}"), "")
        return f"molecule-{hashlib.sha256(str(place).encode()).hexdigest()[:6]}"

    def demo(self) -> str:
        """The name that the inventory of the demo gives to its lab."""
        return f"demo-{hashlib.sha256(str(self.directory / 'demo_inventory').encode()).hexdigest()[:6]}"


def commands(guide: Path = GUIDE, after: str = "Copy a scenario", before: str = "list-table") -> list[str]:
    """What a guide tells to type between two places, such as to copy a scenario and to run it."""
    section = guide.read_text(encoding="utf-8").partition(after)[2].partition(before)[0]
    return re.findall(r"^ +\$ (.+)$", section, re.MULTILINE)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    made = Repository(tmp_path_factory.mktemp("user"))
    made.types(f"ansible-galaxy collection build {CHECKOUT} --output-path ..")
    made.types("ansible-galaxy collection install --offline ../wgfleet-wireguard-*.tar.gz")
    yield made
    for lab in (made.lab(), made.lab("roadwarrior"), made.demo()):
        call_lab("down", {"name": lab})  # there is none, unless a run failed


def test_what_the_guide_installs_is_all_that_the_hosts_of_a_lab_and_its_controller_import() -> None:
    lines = (CHECKOUT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    imported = {line.partition(">=")[0] for line in lines if not line.startswith("#")}
    # No scenario to copy has routers.
    assert set(commands()[0].split()[2:]) == {"molecule", *imported} - {"librouteros"}


@pytest.mark.timeout(900)  # a whole run of Molecule
def test_the_scenario_of_the_guide_runs_where_nothing_but_the_collection_is(repository: Repository) -> None:
    install, *rest, run = commands()
    assert install.startswith("pip install ")
    for command in rest:
        repository.types(command)
    said = repository.types(run)
    assert "failed=0" in said.rstrip().splitlines()[-1]
    assert str(CHECKOUT / "roles") not in said
    assert repository.lab() not in "".join(os.listdir("/run/netns"))


def test_the_demo_builds_a_network_and_its_lab_can_be_removed(repository: Repository) -> None:
    copy, demo, remove = commands(PLAYBOOKS, "A lab without a checkout", "What they are told")
    repository.types(copy)
    said = repository.types(demo)
    assert " up " in said and " down " not in said
    assert f"{repository.demo()}-office1" in os.listdir("/run/netns")
    repository.types(remove)
    assert repository.demo() not in "".join(os.listdir("/run/netns"))


class Machines(NamedTuple):
    """Machines that are there: a lab, and an inventory of all its hosts that are in that of a scenario."""

    lab: Lab
    inventory: dict[str, Any]
    linux: tuple[str, ...]


def sites(lab: Lab, directory: Path, _stack: contextlib.ExitStack) -> Machines:
    """Those of ``site_to_site``."""
    hosts = ("office1", "office2", "branch", *WORKSTATIONS)
    return Machines(lab, ssh_inventory(lab, hosts, directory, wireguard_install=False), hosts)


def offices_and_shops(lab: Lab, directory: Path, stack: contextlib.ExitStack) -> Machines:
    """Those of ``mixed``: its shops have routers, which the inventory reaches by their API."""
    declared = yaml.safe_load((CHECKOUT / "molecule/mixed/inventory/hosts.yml").read_text(encoding="utf-8"))
    shops = declared["all"]["children"]["sites"]["children"]["routers"]["hosts"]
    hosts = tuple(host for host in lab.topology["hosts"] if host not in {"internet", *shops})
    inventory = ssh_inventory(lab, hosts, directory, wireguard_install=False)
    for shop, has in shops.items():
        seed = office(f"{has['wan']}/24", has["hop"])
        flags = ("--defconf", "--lan", has["lan"])
        router = stack.enter_context(switched_on(lab, shop, *flags, seed=seed, ether1="wan", bridge="lan"))
        inventory["all"]["hosts"][shop] = reached(router)
    return Machines(lab, inventory, hosts)


def topology_of(scenario: str) -> Topology:
    """What a scenario is built on; without a lab of its own, it is the demo's."""
    place = CHECKOUT / f"molecule/{scenario}/inventory/lab.yml"
    if not place.exists():
        return demo_topology()
    variables = yaml.safe_load(place.read_text(encoding="utf-8"))["all"]["vars"]
    return {"hosts": variables["lab_hosts"], "links": variables["lab_links"]}


@pytest.mark.timeout(900)  # a whole run of Molecule
@pytest.mark.parametrize(("scenario", "machines_of"), [(SCENARIO, sites), ("mixed", offices_and_shops)])
def test_machines_that_are_there_take_the_place_of_namespaces(
    scenario: str,
    machines_of: Callable[[Lab, Path, contextlib.ExitStack], Machines],
    repository: Repository,
    lab: Callable[[Topology], Lab],
    tmp_path: Path,
) -> None:
    with contextlib.ExitStack() as stack:
        machines = machines_of(lab(topology_of(scenario)), tmp_path, stack)
        (file := tmp_path / "machines.json").write_text(json.dumps(machines.inventory), encoding="utf-8")
        for folder in ("shared", scenario):
            repository.types(f"mkdir -p molecule && cp -r {CHECKOUT}/molecule/{folder} molecule")
        said = repository.types(f"molecule test --scenario-name {scenario}", WGFLEET_MACHINES=str(file))
    steps = yaml.safe_load((CHECKOUT / f"molecule/{scenario}/molecule.yml").read_text(encoding="utf-8"))["scenario"]
    assert "skipping: [localhost]" in said
    assert f"successful={len(steps['test_sequence'])}" in said.rstrip().splitlines()[-1]
    for host in machines.linux:
        assert machines.lab.run(host, ["wg", "show", "interfaces"]).stdout == "", "it was built there, and has gone"
