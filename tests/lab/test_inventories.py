# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories as people have them: with hosts of no network, with nothing declared yet, as file, directory or list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, as_json, peers, star_fleet, with_networks

REGISTRY = "wireguard_registry.yml"
SITE_PLAYBOOKS = ("site_to_site", "status", "teardown")


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return star_fleet(module_lab, tmp_path_factory.mktemp("inventories"), "one", "two")


def complaint(fleet: Fleet, *flags: str, play: str = "site_to_site", inventory: Path | None = None) -> str:
    """The only thing that a run says before it fails, a sentence or two."""
    variables = {"wireguard_install": False, **fleet.variables}
    found = inventory or fleet.lab.inventory(*fleet.hosts, **variables)
    run = fleet.playbooks.run(f"wgfleet.wireguard.{play}", found, arguments=flags, code=2)
    messages = [entry.result["msg"] for entry in run.results if entry.status == "failed"]
    assert len(messages) == 1, messages
    assert "Traceback" not in run.output
    assert "\n" not in messages[0]
    return str(messages[0])


def built_from(fleet: Fleet, inventory: Path) -> None:
    """Run against an inventory that has the declaration beside it."""
    fleet.playbooks.run("wgfleet.wireguard.site_to_site", inventory)


def written(fleet: Fleet, directory: Path) -> Path:
    """An inventory directory with the hosts and the declaration of a fleet; the path of its hosts' file."""
    (directory / "group_vars").mkdir(parents=True)
    hosts = directory / "hosts.json"
    hosts.write_text(as_json(fleet.lab.inventory(*fleet.hosts, wireguard_install=False)), encoding="utf-8")
    (directory / "group_vars/all.json").write_text(as_json({"wireguard_networks": fleet.networks}), encoding="utf-8")
    return hosts


@pytest.mark.parametrize("play", SITE_PLAYBOOKS)
def test_without_a_declaration_there_is_one_sentence(fleet: Fleet, play: str) -> None:
    assert "group_vars/all" in complaint(fleet, play=play)


@pytest.mark.parametrize("declared", ["{}", "null"])
def test_an_empty_declaration_takes_nothing_down_unless_that_is_meant(
    lab: Callable[..., Lab], tmp_path: Path, declared: str
) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    fleet.run()
    before = {host: fleet.state(host) for host in fleet.hosts}, fleet.registry.read_text(encoding="utf-8")
    empty = ("-e", f'{{"wireguard_networks": {declared}}}')
    assert "wireguard_allow_empty_declaration" in complaint(fleet, *empty)
    assert ({host: fleet.state(host) for host in fleet.hosts}, fleet.registry.read_text(encoding="utf-8")) == before
    meant = with_networks(fleet, {})
    meant.variables["wireguard_allow_empty_declaration"] = True
    meant.run()
    assert {host: fleet.state(host)["devices"] for host in fleet.hosts} == {"one": {}, "two": {}}


@pytest.mark.parametrize(("play", "lacking"), [("roadwarrior", "clients"), ("vpn_gateway", "gateways")])
def test_a_playbook_says_what_the_declaration_lacks_for_it(fleet: Fleet, play: str, lacking: str) -> None:
    flags = ("-e", as_json({"wireguard_networks": fleet.networks}))
    said = complaint(fleet, *flags, play=play)
    assert f"has {lacking}" in said
    assert "site_to_site" in said


def test_who_asks_for_the_code_of_an_unknown_client_is_told_which_there_are(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, "one")
    fleet.networks["corp"]["clients"] = {"phone": {"via": ["one"]}}
    flags = ("-e", as_json({"wireguard_networks": fleet.networks, "wireguard_show_client": "phnoe"}))
    said = complaint(fleet, *flags, play="roadwarrior")
    assert "phnoe" in said
    assert said.endswith("phone.")


def test_status_before_the_first_run_says_what_to_run_first(fleet: Fleet) -> None:
    flags = ("-e", as_json({"wireguard_networks": fleet.networks}))
    said = complaint(fleet, *flags, play="status")
    assert str(fleet.registry) in said
    assert "site_to_site" in said


def test_a_list_of_hosts_as_inventory_needs_a_registry_that_is_named(fleet: Fleet) -> None:
    flags = ("-e", as_json({"wireguard_networks": fleet.networks}))
    for play in SITE_PLAYBOOKS:
        assert "wireguard_registry" in complaint(fleet, *flags, play=play, inventory=Path("one,"))


@pytest.mark.parametrize(("first", "then"), [("hosts.json", ""), ("", "hosts.json")])
def test_one_inventory_has_one_registry_whether_named_by_its_file_or_its_directory(
    fleet: Fleet, tmp_path: Path, first: str, then: str
) -> None:
    written(fleet, place := tmp_path / "production")
    built_from(fleet, place / first)
    registries = list(tmp_path.rglob(REGISTRY))
    assert len(registries) == 1
    pinned = registries[0].read_text(encoding="utf-8")
    assert "public_key" in pinned
    built_from(fleet, place / then)
    assert (list(tmp_path.rglob(REGISTRY)), registries[0].read_text(encoding="utf-8")) == (registries, pinned)


def test_the_registry_is_beside_an_inventory_whose_hosts_are_in_a_directory_of_it(fleet: Fleet, tmp_path: Path) -> None:
    hosts = written(fleet, place := tmp_path / "production")
    (below := place / "sites").mkdir()
    hosts.rename(below / "hosts.json")
    built_from(fleet, place)
    assert list(tmp_path.rglob(REGISTRY)) == [tmp_path / REGISTRY]


def test_inventories_of_different_directories_need_a_registry_that_is_named(fleet: Fleet, tmp_path: Path) -> None:
    for host in fleet.hosts:
        hosts = fleet.lab.inventory(host, wireguard_install=False, wireguard_networks=fleet.networks)
        (tmp_path / host).mkdir()
        (tmp_path / host / "hosts.json").write_text(as_json(hosts), encoding="utf-8")
    one, two = (tmp_path / host / "hosts.json" for host in fleet.hosts)
    for limit in ([], ["--limit", "two"]):
        said = complaint(fleet, "-i", str(two), *limit, inventory=one)
        assert f"{one.parent} and {two.parent}" in said
        assert "Set wireguard_registry" in said
    assert list(tmp_path.rglob("wireguard_*")) == []


@pytest.mark.parametrize("path", [REGISTRY, f"~/{REGISTRY}"])
def test_a_registry_that_is_named_has_an_absolute_path(fleet: Fleet, path: str) -> None:
    variables = {"wireguard_networks": fleet.networks, "wireguard_registry": path}
    said = complaint(fleet, "-e", as_json(variables))
    assert said.startswith(f"wireguard_registry is {path}, and has to be a path that begins with /")


def test_a_play_with_serial_is_refused_before_a_key_is_made(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    variables = {"wireguard_install": False, "wireguard_networks": fleet.networks}
    play = {"hosts": "all", "gather_facts": False, "serial": 1, "roles": ["wgfleet.wireguard.site_to_site"]}
    run = fleet.playbooks.run([play], fleet.lab.inventory(*fleet.hosts, **variables), code=2)
    (refused,) = [entry.result["msg"] for entry in run.results if entry.status == "failed"]
    assert "Take serial out of the play" in refused
    assert (run.changed(), fleet.registry.exists()) == (0, False)


def test_a_host_of_no_network_is_not_even_looked_at(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    variables: dict[str, Any] = {"wireguard_networks": fleet.networks}  # what is lacking is installed
    inventory = fleet.lab.inventory(*fleet.hosts, **variables)
    inventory["all"]["hosts"]["printer"] = {"ansible_connection": "ssh", "ansible_host": "192.0.2.1"}
    for play in SITE_PLAYBOOKS:
        run = fleet.playbooks.run(f"wgfleet.wireguard.{play}", inventory)
        assert (run.recap["printer"]["unreachable"], run.changed("printer")) == (0, 0), play
        assert play == "teardown" or peers(fleet.lab, "one")
        looked = {entry.host for entry in run.results if entry.action == "ansible.builtin.command"}
        assert looked == ({"one", "two"} if play == "site_to_site" else set()), play


@pytest.mark.parametrize("play", ["site_to_site", "add_client", "status"])
def test_a_job_of_awx_keeps_nothing_where_awx_forgets_it(fleet: Fleet, play: str) -> None:
    variables = {"wireguard_networks": fleet.networks, "awx_job_id": 7, "wireguard_client_name": "phone"}
    said = complaint(fleet, "-e", as_json(variables), play=play)
    assert str(fleet.registry) in said
    assert "Set wireguard_registry to a path on a volume" in said
    assert not fleet.registry.exists()


@pytest.mark.parametrize(("job", "hint"), [({"awx_job_id": 7}, "from a volume"), ({}, "Make it on the controller")])
def test_a_registry_without_its_directory_is_told_before_anything_is_done(
    fleet: Fleet, tmp_path: Path, job: dict[str, Any], hint: str
) -> None:
    place = tmp_path / "volume"
    variables = {"wireguard_networks": fleet.networks, "wireguard_registry": str(place / REGISTRY), **job}
    said = complaint(fleet, "-e", as_json(variables))
    assert f"wireguard_registry, {place}, is not there" in said
    assert hint in said
    assert not place.exists()


def test_a_job_of_awx_shows_no_key_of_a_client(fleet: Fleet, tmp_path: Path) -> None:
    fleet.networks["corp"]["clients"] = {"phone": {"via": ["one"]}}
    kept = {"awx_job_id": 7, "wireguard_registry": str(tmp_path / "wireguard_registry.yml")}
    variables = {"wireguard_networks": fleet.networks, **kept, "wireguard_show_client": "phone"}
    said = complaint(fleet, "-e", as_json(variables), play="roadwarrior")
    assert "holds a private key" in said
    assert list(tmp_path.iterdir()) == []
