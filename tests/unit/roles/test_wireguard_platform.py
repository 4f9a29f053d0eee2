# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role wireguard takes a host for. A router that is taken for a Linux host is the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[3] / "roles/wireguard"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
VARIABLES: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
LOCAL = {"ansible_connection": "local", "ansible_host": "192.168.88.1"}
ACCESS = {"wireguard_routeros": {"hostname": "192.168.88.1"}}
NAMED = {"ansible_network_os": "wgfleet.wireguard.routeros"}


def rendered(text: str, variables: dict[str, Any]) -> Any:
    return Templar(DataLoader(), variables=variables).template(trust_as_template(text))


@pytest.mark.parametrize(
    ("variables", "platform"),
    [
        ({}, "linux"),
        (NAMED, "routeros"),
        ({"ansible_network_os": None}, "linux"),
        ({**LOCAL, **ACCESS}, "routeros"),
        ({**LOCAL, **ACCESS, "ansible_connection": "ansible.builtin.local"}, "routeros"),
        ({**LOCAL, **ACCESS, "ansible_network_os": "router.os"}, "routeros"),
        (ACCESS, "linux"),
        ({**ACCESS, "ansible_connection": "ssh"}, "linux"),
        ({"ansible_connection": "local"}, "linux"),
    ],
)
def test_who_would_be_the_controller_and_is_told_how_a_router_is_reached_is_a_router(
    variables: dict[str, Any], platform: str
) -> None:
    found = {"wireguard_routeros": DEFAULTS["wireguard_routeros"], **variables}
    assert rendered(DEFAULTS["wireguard_platform"], found) == platform


@pytest.mark.parametrize(
    ("variables", "astray"),
    [
        (LOCAL, True),
        ({**LOCAL, "ansible_connection": "ansible.builtin.local"}, True),
        ({**LOCAL, **NAMED}, False),
        ({**LOCAL, **ACCESS}, False),
        ({**LOCAL, "wireguard_platform": "linux"}, False),
        ({**LOCAL, "ansible_host": "127.0.0.1"}, False),
        ({"ansible_connection": "local"}, False),
        ({"ansible_host": "192.168.88.1"}, False),
    ],
)
def test_who_has_an_address_elsewhere_is_not_the_controller(variables: dict[str, Any], astray: bool) -> None:
    hostvars = {name: {"inventory_hostname": name, **found} for name, found in (("hap", variables), ("web", {}))}
    said = rendered(VARIABLES["wireguard_astray"], {"hostvars": hostvars, "ansible_play_hosts_all": list(hostvars)})
    assert said == (["hap"] if astray else [])
