# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README, word for word: a stranger installs the archive and types what it says.

The blocks are those of README.md; the lab has its hosts at its addresses, office2 being a simulated router with TLS and
a user that may do what the guide to RouterOS grants. What is ours are variables of the Linux hosts, since they are
namespaces and not reached by SSH. The commands are typed on a machine that is in the internet of the lab.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.installation import (
    Installation,
    blocks,
    empty_home,
    files_with,
)
from ansible_collections.wgfleet.wireguard.tests.lab.internet import quick_down, quick_up, seen_as, telling_addresses
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT, Lab, demo_topology
from ansible_collections.wgfleet.wireguard.tests.lab.networks import WORKSTATIONS, silent
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import plane_flags, simulator

README = CHECKOUT / "README.md"
PASSWORD = "canary-of-the-readme"
# Where the README says that its blocks of YAML belong, in their order.
PLACES = ("group_vars/all/wireguard.yml", "hosts.yml", "host_vars/office2.yml")
ROUTER, ROUTER_ADDRESS = "office2", "192.168.80.1"
# What office2 was before anyone thought of WireGuard: no firewall, and addresses.
SEED = {
    "/ip/address": [
        {"interface": "ether1", "address": f"{ROUTER_ADDRESS}/24"},
        {"interface": "ether2", "address": "10.1.101.1/24"},
    ],
    "/ip/route": [{"gateway": "192.168.80.254"}],
}
PATHS = [
    (source, addresses[0]) for source in WORKSTATIONS for target, addresses in WORKSTATIONS.items() if source != target
]


class Stranger(NamedTuple):
    """Someone who has read the README and done what it says, and what each command printed."""

    lab: Lab
    installation: Installation
    said: list[str]

    def types(self, line: str) -> str:
        """Run a command of the README in the internet of the lab."""
        certificates = str(self.installation.home / "router.pem")
        prefix = ("nsenter", f"--net=/run/netns/{self.lab.netns('internet')}", "--")
        return self.installation.run(["sh", "-c", line], prefix, ROUTEROS_CA_PATH=certificates).stdout


def commands() -> list[str]:
    """What is to be typed on the controller, in its order."""
    (block,) = [text for text in blocks(README, "console") if "ansible-playbook" in text]
    return [line[2:] for line in block.splitlines()]


def prepare(installation: Installation, lab: Lab) -> None:
    """Put the declaration, the inventory and the router's variables where the README says."""
    blocks_of_places = zip(PLACES, blocks(README, "yaml"), strict=True)
    readme = README.read_text(encoding="utf-8")
    assert [place for place in PLACES if f"`{place}`" not in readme] == []
    reached = {
        "ansible_connection": "wgfleet.wireguard.netns",
        "ansible_netns": lab.name + "-{{ inventory_hostname }}",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    files = {
        **dict(blocks_of_places),
        "group_vars/linux.yml": json.dumps(reached),
        "group_vars/routers.yml": json.dumps({"vault_office2_password": PASSWORD}),
    }
    for name, text in files.items():
        (path := installation.project / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def certify(folder: Path) -> tuple[Path, Path]:
    """Give the router a certificate for its address."""
    certificate, key = folder / "router.pem", folder / "router.key"
    made = ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=office2"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made, "-addext",
         f"subjectAltName=IP:{ROUTER_ADDRESS}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture(scope="module")
def stranger(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    installation = empty_home(tmp_path_factory.mktemp("stranger"))
    lab = module_lab(demo_topology())
    prepare(installation, lab)
    certificate, key = certify(installation.home)
    flags = [
        "--address", ROUTER_ADDRESS, "--port", "-1", "--tls-port", "8729",
        "--user", f"ansible:{PASSWORD}:api,read,write,sensitive",
        "--tls-certificate", str(certificate), "--tls-key", str(key),
        *plane_flags(lab.argv(ROUTER, []), ether1="wan", ether2="lan"),
    ]  # fmt: skip
    net = ["nsenter", f"--net=/run/netns/{lab.netns(ROUTER)}", "--"]
    with simulator(*flags, prefix=net, seed=SEED):
        stranger = Stranger(lab, installation, [])
        install, requirements, *playbooks = commands()
        assert install.endswith(" wgfleet.wireguard")
        stranger.types(f"{install} --offline".replace("wgfleet.wireguard", str(installation.archive)))
        installation.run(["sh", "-c", requirements])  # not from the lab, whose internet has no index
        stranger.said.extend(map(stranger.types, playbooks))
        yield stranger


def test_what_runs_is_what_was_installed(stranger: Stranger) -> None:
    listed = json.loads(stranger.types("ansible-galaxy collection list --format json"))
    ours = [place for place, collections in listed.items() if "wgfleet.wireguard" in collections]
    assert ours == [str(stranger.installation.home / ".ansible/collections/ansible_collections")]


def test_after_the_commands_of_the_readme_packets_cross(stranger: Stranger) -> None:
    assert silent(stranger.lab, PATHS) == []


def test_nothing_that_was_typed_warned(stranger: Stranger) -> None:
    assert [line for said in stranger.said for line in said.splitlines() if "WARNING" in line] == []


def test_status_shows_every_link_up(stranger: Stranger) -> None:
    table = stranger.said[-1]
    assert " up " in table
    assert " down " not in table


def test_typed_again_it_changes_nothing(stranger: Stranger) -> None:
    again = stranger.types(next(line for line in commands() if "site_to_site" in line))
    assert re.findall(r"changed=(\d+)", again) == ["0", "0", "0"]


def test_what_is_to_be_committed_holds_no_secret(stranger: Stranger) -> None:
    project = stranger.installation.project
    registry = yaml.safe_load((project / "wireguard_registry.yml").read_text(encoding="utf-8"))
    assert set(registry["networks"]["corp"]["members"]) == {"office1", "office2", "branch"}
    keys = [stranger.lab.run(host, ["cat", "/etc/wireguard/corp.key"]).stdout.strip() for host in ("office1", "branch")]
    assert files_with(project, keys) == []
    assert files_with(project, [PASSWORD]) == ["group_vars/routers.yml"]


def test_the_phone_reaches_the_internet_by_its_gateway(stranger: Stranger) -> None:
    (file,) = (stranger.installation.project / "wireguard_clients").rglob("*.conf")
    with telling_addresses(stranger.lab, "web"):
        quick_up(stranger.lab, "phone", file)
        assert seen_as(stranger.lab, "phone", "203.0.113.80") == "192.168.90.1"
        quick_down(stranger.lab, "phone", file)
