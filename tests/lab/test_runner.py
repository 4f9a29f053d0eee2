# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX runs it: ansible-runner, a folder with all that the job has, and the router's login in the environment.

The variables of the login are those of the credential type that is imported into AWX: one of them names a file with the
password. office1 is Linux, office2 a router. The collection is the archive, installed into the folder, as AWX does with
the requirements of a project. Afterwards every file of the folder is searched for every secret of the two hosts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.installation import SYSTEM_PATH, built_archive, files_with
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, demo_topology
from ansible_collections.wgfleet.wireguard.tests.lab.networks import answers, demo_networks
from ansible_collections.wgfleet.wireguard.tests.lab.routers import PASSWORD, MixedLab, office, switched_on

LINUX, ROUTER = "office1", "office2"
FLEET_SECRET = "canary-of-all-preshared-keys-of-the-fleet"
JOBS = ("first", "second")


class Job(NamedTuple):
    """The folder of a job that has run twice, and the hosts."""

    folder: Path
    lab: MixedLab
    secrets: list[str]

    def events(self, job: str) -> list[dict[str, Any]]:
        """What AWX shows of one run."""
        paths = (self.folder / "artifacts" / job / "job_events").glob("*.json")
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def inventory(lab: MixedLab) -> dict[str, Any]:
    """The two hosts; nothing in it says how to log in to the router."""
    networks = demo_networks()
    del networks["corp"]["members"]["branch"]
    networks["corp"]["psk"] = "per_pair"
    variables = {"wireguard_networks": networks, "wireguard_install": False, "wireguard_psk_secret": FLEET_SECRET}
    content = lab.inventory(LINUX, ROUTER, **variables)
    for name in ("username", "password"):
        del content["all"]["hosts"][ROUTER]["wireguard_routeros"][name]
    return content


def run(folder: Path, *command: str, **login: str) -> None:
    """Run a command with nothing of this process but its programs, as in a container of AWX."""
    path = f"{Path(sys.executable).parent}:{SYSTEM_PATH}"
    environment = {"HOME": str(folder / "home"), "LC_ALL": "C.UTF-8", "PATH": path, **login}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run_job(folder: Path, job: str, **login: str) -> None:
    """Run a playbook of the collection as a job."""
    playbook = ("-p", "wgfleet.wireguard.site_to_site")
    run(folder, "ansible-runner", "run", ".", *playbook, "--ident", job, "--json", **login)


def prepare(folder: Path, lab: MixedLab) -> None:
    """Make the folder that ansible-runner wants."""
    for name in ("inventory", "env", "project", "home"):
        (folder / name).mkdir(parents=True)
    (folder / "inventory/hosts.json").write_text(json.dumps(inventory(lab)), encoding="utf-8")
    collections = str(folder / "requirements_collections")
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_VERBOSITY": "4", "ANSIBLE_DIFF_ALWAYS": "true"}
    (folder / "env/envvars").write_text(json.dumps(variables), encoding="utf-8")
    archive = str(built_archive(folder.parent))
    run(folder, "ansible-galaxy", "collection", "install", archive, "--offline", "-p", collections)


@pytest.fixture(scope="module")
def job(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    bare = module_lab(demo_topology())
    folder = tmp_path_factory.mktemp("runner") / "job"
    flags = ("--defconf", "--lan", "10.1.101.1/24")
    seed = office("192.168.80.1/24", "192.168.80.254", "fd00:101::1/64")
    with switched_on(bare, ROUTER, *flags, seed=seed, ether1="wan", bridge="lan") as router:
        lab = MixedLab(bare.name, bare.topology, {ROUTER: router})
        prepare(folder, lab)
        (password := folder.parent / "password").write_text(PASSWORD, encoding="utf-8")
        for name in JOBS:
            run_job(folder, name, ROUTEROS_USERNAME="admin", ROUTEROS_PASSWORD_FILE=str(password))
        (interface,) = router.rows("/interface/wireguard")
        (peer,) = router.rows("/interface/wireguard/peers")
        key = lab.run(LINUX, ["cat", "/etc/wireguard/corp.key"]).stdout.strip()
        yield Job(folder, lab, [PASSWORD, interface["private-key"], peer["preshared-key"], key])


def test_packets_cross_between_linux_and_the_router(job: Job) -> None:
    assert answers(job.lab, "office1-pc", "10.1.101.10")
    assert answers(job.lab, "office2-pc", "10.1.202.10")


def test_the_second_job_changes_nothing(job: Job) -> None:
    (recap,) = [event["event_data"] for event in job.events("second") if event["event"] == "playbook_on_stats"]
    assert set(recap["processed"]) == {LINUX, ROUTER}
    assert recap["changed"] == recap["failures"] == recap["dark"] == {}


def test_no_secret_of_a_host_is_in_any_file_of_the_job(job: Job) -> None:
    assert all(len(secret) > 20 for secret in job.secrets)
    for name in JOBS:
        assert len(job.events(name)) > 20
        assert "TASK [" in (job.folder / "artifacts" / name / "stdout").read_text(encoding="utf-8")
        written_down = json.loads((job.folder / "artifacts" / name / "command").read_text(encoding="utf-8"))
        assert written_down["env"]["ROUTEROS_USERNAME"] == "admin"  # the whole environment is, and so no secret may be
    assert files_with(job.folder, job.secrets) == []


def test_the_secret_of_the_fleet_is_in_the_inventory_alone(job: Job) -> None:
    assert files_with(job.folder, [FLEET_SECRET]) == ["inventory/hosts.json"]


def test_the_registry_is_beside_the_inventory_of_the_job(job: Job) -> None:
    registry = yaml.safe_load((job.folder / "wireguard_registry.yml").read_text(encoding="utf-8"))
    assert set(registry["networks"]["corp"]["members"]) == {LINUX, ROUTER}
