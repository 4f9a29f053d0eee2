# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router with the default firewall that is a client: all it is told is the script that was made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, answers, star
from ansible_collections.wgfleet.wireguard.tests.lab.roadwarriors import (
    BEHIND,
    INSIDE,
    SERVER,
    WORKSTATION,
    Roadwarriors,
    example,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab, office, switched_on


@pytest.fixture(scope="module")
def warriors(
    module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Roadwarriors, MixedLab]]:
    topology = star(SERVER, "branch")
    for number, (site, pc) in enumerate([(SERVER, WORKSTATION), ("branch", "branch-pc")], 1):
        topology["hosts"][pc] = {"routes": {"0.0.0.0/0": f"10.0.{number}.1"}}
        lan = {"a": site, "a_interface": "lan", "a_addresses": [f"10.0.{number}.1/24"]}
        topology["links"].append({**lan, "b": pc, "b_interface": "lan", "b_addresses": [f"10.0.{number}.10/24"]})
    lab = module_lab(topology)
    networks = example()
    networks["corp"]["clients"] = {"branch": {"via": [SERVER], "platform": "routeros"}}
    fleet = Fleet(lab, Playbooks(tmp_path_factory.mktemp("script")), (SERVER,), networks)
    flags = ("--defconf", "--lan", "10.0.2.1/24")
    seed = office("198.51.2.1/24", "198.51.2.254")
    with switched_on(lab, "branch", *flags, seed=seed, ether1="wan", bridge="lan") as router:
        yield Roadwarriors(fleet), MixedLab(lab.name, lab.topology, {"branch": router})


def imported(warriors: Roadwarriors, lab: MixedLab, name: str) -> None:
    with lab.api("branch") as api:
        api.add("/file", name=name, contents=warriors.file("branch", "rsc"))
        assert api.run("/import", f"=file-name={name}").trap is None


def test_a_router_that_imports_its_script_lets_its_lan_in(warriors: tuple[Roadwarriors, MixedLab]) -> None:
    fleet, lab = warriors
    fleet.run()
    assert not answers(lab, "branch-pc", BEHIND, seconds=1)
    imported(fleet, lab, "first.rsc")
    assert answers(lab, "branch-pc", INSIDE)
    assert answers(lab, "branch-pc", BEHIND)
    assert answers(lab, "branch-pc", "198.51.1.254")


def test_a_router_that_imports_another_script_has_what_that_one_says(warriors: tuple[Roadwarriors, MixedLab]) -> None:
    fleet, lab = warriors
    fleet.clients["branch"]["networks"] = ["192.168.100.0/24"]
    fleet.run()
    imported(fleet, lab, "second.rsc")
    assert answers(lab, "branch-pc", INSIDE, seconds=40)
    assert not answers(lab, "branch-pc", BEHIND, seconds=2)
