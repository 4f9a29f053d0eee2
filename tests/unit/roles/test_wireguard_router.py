# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the role wireguard reaches a router. A playbook of a collection lies nowhere near the user's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARIABLES = Path(__file__).resolve().parents[3] / "roles/wireguard/vars/main.yml"
OF_ROLE = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))
TEMPLATES = {name: trust_as_template(text) for name, text in OF_ROLE.items() if name.startswith("wireguard_router_")}
ROUTER = trust_as_template(OF_ROLE["wireguard_router"])
ACCESS = {"username": "ansible"}


def router(given: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """What the modules are told."""
    known = {"inventory_hostname": "hap", "inventory_dir": "/srv/fleet", "wireguard_routeros": given, **variables}
    told: dict[str, Any] = Templar(DataLoader(), variables=known | TEMPLATES).template(ROUTER)
    return told


def test_a_router_is_reached_at_its_name_its_address_or_what_is_said() -> None:
    assert router(ACCESS) == {"hostname": "hap", **ACCESS}
    assert router(ACCESS, ansible_host="192.0.2.1") == {"hostname": "192.0.2.1", **ACCESS}
    assert router({"hostname": "192.0.2.2"}, ansible_host="192.0.2.1") == {"hostname": "192.0.2.2"}


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ("files/router-ca.pem", "/srv/fleet/files/router-ca.pem"),
        ("../ca.pem", "/srv/fleet/../ca.pem"),
        ("/etc/ssl/our-ca.pem", "/etc/ssl/our-ca.pem"),
        ("~/ca.pem", "/home/of/ca.pem"),
        ("$HOME/ca.pem", "/home/of/ca.pem"),
    ],
)
@pytest.mark.parametrize("name", ["ca_path", "password_file"])
def test_a_relative_file_lies_beside_the_inventory(
    name: str, given: str, tried: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of")
    assert router({name: given}) == {"hostname": "hap", name: tried}


def test_each_of_several_files_is_itself() -> None:
    both = router({**ACCESS, "password_file": "password", "ca_path": "/etc/ca.pem"})
    assert both == {"hostname": "hap", **ACCESS, "password_file": "/srv/fleet/password", "ca_path": "/etc/ca.pem"}


@pytest.mark.parametrize("directory", [None, ""])
def test_without_a_directory_of_the_inventory_a_path_stays_as_it_is(directory: str | None) -> None:
    assert router({"ca_path": "files/ca.pem"}, inventory_dir=directory)["ca_path"] == "files/ca.pem"


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_authority_is_none(nothing: str | None) -> None:
    assert not router({"ca_path": nothing})["ca_path"]
