# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action as a task runs it, but for the task's play."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail

from ansible_collections.wgfleet.wireguard.plugins.action.registry import ActionModule
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    key_text,
    offices,
)

HOSTS = ("office1", "office2", "branch")


class Registry:
    """A registry's file, and calls of the action on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def call(self, networks: dict[str, Any], check: bool = False, **arguments: Any) -> dict[str, Any]:
        task = SimpleNamespace(
            args={"path": str(self.path), "networks": networks, **arguments}, check_mode=check, async_val=0, diff=False
        )
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="none is needed"))
        action = ActionModule(task, connection, SimpleNamespace(), None, None, None)
        return action.run(None, {})

    @property
    def content(self) -> dict[str, Any]:
        data: dict[str, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return data

    def keys(self, network: str = "corp") -> dict[str, str]:
        members = self.content["networks"][network]["members"]
        return {name: entry.get("public_key", "") for name, entry in members.items()}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "wireguard_registry.yml")


def found(network: str = "corp", **keys: str) -> dict[str, dict[str, str]]:
    return {host: {network: keys.get(host, key_text(f"{host} in corp"))} for host in HOSTS}


def test_the_second_call_of_a_check_goes_on_from_the_first(registry: Registry) -> None:
    first = registry.call(offices(), check=True)
    assert first["changed"]
    second = registry.call(offices(), check=True, registry=first["registry"])
    assert not second["changed"]
    third = registry.call(offices(), check=True, registry=first["registry"], public_keys=found())
    assert third["changed"]
    assert not registry.path.exists()


def test_a_run_takes_the_file_and_not_what_it_is_handed(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    before = registry.content
    result = registry.call(offices(), registry={"version": 1, "networks": {}})
    assert (result["changed"], registry.content) == (False, before)
    assert "provisional" not in str(result["registry"])


def test_in_a_check_nobody_is_held_to_a_key_that_is_not_written(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    renamed = {"renamed": offices()["corp"]}
    pinned = registry.call(renamed, check=True)
    unmade = {host: {"renamed": ""} for host in HOSTS}
    result = registry.call(renamed, check=True, registry=pinned["registry"], public_keys=unmade)
    members = result["registry"]["networks"]["renamed"]["members"]
    assert {entry["provisional"] for entry in members.values()} == {True}
    assert all(entry["public_key"] for entry in members.values())
    assert result["warnings"] == []
    known = registry.call(offices(), check=True)["registry"]["networks"]["corp"]["members"]
    assert not any("provisional" in entry for entry in known.values())


def test_a_released_key_makes_room_for_the_next_one(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    new = key_text("made after the return")
    refused = registry.call(offices(), public_keys=found(branch=new))
    assert "is pinned for it" in refused["warnings"][0]
    assert registry.call(offices(), released={"branch": ["corp"]})["changed"]
    assert registry.keys()["branch"] == ""
    assert registry.call(offices(), public_keys=found(branch=new))["warnings"] == []
    assert registry.keys()["branch"] == new


def test_keys_of_clients_are_pinned_and_an_expired_one_is_a_warning(registry: Registry) -> None:
    client = {"via": ["office1"], "expires": "2027-01-31"}
    networks = offices(("clients.alice", client))
    result = registry.call(networks, client_keys={"corp": {"alice": key_text("alice")}}, today="2027-02-01")
    assert registry.content["networks"]["corp"]["clients"]["alice"]["public_key"] == key_text("alice")
    assert result["warnings"] == [
        "wireguard_networks.corp.clients.alice: expired on 2027-01-31, and is no peer any more of the hosts in this run"
    ]
    assert registry.call(networks, today="2027-01-31")["warnings"] == []
    registry.call(offices(("client_reservation", 7)), today="2027-02-01")
    assert registry.content["networks"]["corp"]["clients"]["alice"]["reserved_until"] == "2027-02-08"
    assert not registry.call(offices(), today="2027-02-02")["changed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"today": "tomorrow"}, "today: must be a date"),
        ({"released": {"branch": "corp"}}, r"released\.branch: must be a list"),
        ({"client_keys": {"corp": {"alice": "x"}}}, r"client_keys\.corp\.alice: is no key"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_written(
    registry: Registry, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnsibleActionFail, match=message):
        registry.call(offices(), **arguments)
    assert not registry.path.exists()


RENAMED = (
    "network corp leaves, network main is new: what was made of the one is taken off its hosts, and the other gets keys"
    " and addresses of its own. That is so, too, where only the name was changed"
)


@pytest.mark.parametrize("check", [False, True])
def test_a_network_that_takes_the_place_of_another_is_told_once(registry: Registry, check: bool) -> None:
    assert registry.call(offices(), public_keys=found())["warnings"] == []
    main = {"main": offices()["corp"]}
    first = registry.call(main, check=check)
    assert first["warnings"] == [RENAMED]
    again = registry.call(main, check=check, registry=first["registry"], public_keys=found("main"))
    assert again["warnings"] == []


def test_who_adds_or_takes_away_a_network_is_told_nothing(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    member = {"office1": {"endpoint": "192.0.2.1"}}
    both = {**offices(), "main": {"interface": "wg1", "port": 51821, "pool": ["10.9.0.0/24"], "members": member}}
    assert registry.call(both, check=True)["warnings"] == []
    registry.call({"main": both["main"]})
    assert registry.call({"main": both["main"]}, check=True)["warnings"] == []


def test_a_clash_with_a_pinned_address_is_told_with_all_else(registry: Registry) -> None:
    registry.call(offices(("members.late", {"endpoint": "192.0.2.9"})), hosts=[*HOSTS, "late"])
    (address, *_others) = registry.content["networks"]["corp"]["members"]["late"]["addresses"]
    ip = address.partition("/")[0]
    wrong = offices(("members.branch.address", [address]), ("members.stray", {"endpoint": "192.0.2.9"}))
    with pytest.raises(AnsibleActionFail) as refused:
        registry.call(wrong, hosts=list(HOSTS))
    told = str(refused.value)
    assert "members.stray: is no host of the inventory" in told
    assert f"members.branch.address: {ip} is pinned for late" in told


def test_what_two_declare_alike_is_one_problem_though_it_is_pinned(registry: Registry) -> None:
    registry.call(offices())
    (address, *_others) = registry.content["networks"]["corp"]["members"]["office2"]["addresses"]
    same = offices(("members.branch.address", [address]), ("members.office2.address", [address]))
    with pytest.raises(AnsibleActionFail) as refused:
        registry.call(same)
    assert "is the address of " in str(refused.value)
    assert "is pinned for" not in str(refused.value)


def test_a_broken_registry_does_not_hide_what_is_wrong_with_the_declaration(registry: Registry) -> None:
    registry.path.write_text("version: 1\nnetworks: {corp: {members: {office1: {public_key: x}}}}\n", encoding="utf-8")
    with pytest.raises(AnsibleActionFail) as refused:
        registry.call(offices(("members.stray", {"endpoint": "192.0.2.9"})), hosts=list(HOSTS))
    told = str(refused.value)
    assert "members.stray: is no host of the inventory" in told
    assert "members.office1.public_key: is no key" in told


SECRETLESS = "psk: per_pair needs the secret of which the keys are derived: set wireguard_psk_secret, in a vaulted file"
TOO_SHORT = "as of 'openssl rand -base64 32', and set wireguard_psk_secret to it, in a vaulted file of group_vars/all"


@pytest.mark.parametrize(("secret", "message"), [("", SECRETLESS), ("  ", SECRETLESS), ("canary-psk", TOO_SHORT)])
def test_what_is_wrong_with_the_secret_is_told_with_all_else_and_the_secret_is_not(
    registry: Registry, secret: str, message: str
) -> None:
    wrong = offices(("psk", "per_pair"), ("members.stray", {"endpoint": "192.0.2.9"}))
    with pytest.raises(AnsibleActionFail) as refused:
        registry.call(wrong, hosts=list(HOSTS), psk_secret=secret)
    told = str(refused.value)
    assert "members.stray: is no host of the inventory" in told
    assert "wireguard_networks.corp.psk: " in told
    assert message in told
    assert "canary-psk" not in told


def test_a_secret_that_nobody_needs_or_asks_for_is_not_missed(registry: Registry) -> None:
    registry.call(offices(), psk_secret="")
    registry.call(offices(("psk", "per_pair")))


def test_the_secret_is_in_no_result_and_in_no_registry(registry: Registry) -> None:
    secret = "canary horse battery staple"
    result = registry.call(offices(("psk", "per_pair")), public_keys=found(), psk_secret=secret)
    assert result["changed"]
    assert secret not in repr(result)
    assert secret not in registry.path.read_text(encoding="utf-8")


def test_a_host_that_has_failed_is_not_said_to_be_outside_of_a_limit(registry: Registry) -> None:
    keys = {host: key for host, key in found().items() if host != "branch"}
    (told,) = registry.call(offices(), public_keys=keys, failed=["branch"])["warnings"]
    assert "no public key is known of branch" in told
    assert told.endswith("branch has failed in this run: mend that and run again")
    (told,) = registry.call(offices(), public_keys=keys)["warnings"]
    assert told.endswith("Run once without a limit")


def test_of_who_has_left_no_interface_is_kept_in_mind_once_a_run_has_had_it(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    smaller = offices()
    del smaller["corp"]["members"]["branch"]
    result = registry.call(smaller)
    assert "departed" not in result["before"]["networks"]["corp"]["members"]["branch"]
    branch = result["registry"]["networks"]["corp"]["members"]["branch"]
    assert (branch["departed"], "interface" in branch) == (True, True)
    registry.call(smaller, cleared=["office1", "branch"])
    members = registry.content["networks"]["corp"]["members"]
    assert "interface" not in members["branch"]
    assert "interface" in members["office1"]
    assert members["branch"]["public_key"] == branch["public_key"]


def test_a_former_name_is_not_kept_in_mind_once_a_run_has_had_the_host(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    renamed = offices(("interface", "wg7"))
    registry.call(renamed, cleared=["office1"])
    registry.call(renamed)
    members = registry.content["networks"]["corp"]["members"]
    former = {host: entry.get("former_interfaces") for host, entry in members.items()}
    assert former == {"office1": ["wg0"], "office2": ["wg0"], "branch": ["wg0"]}
    registry.call(renamed, cleared=["office1"])
    members = registry.content["networks"]["corp"]["members"]
    assert ("former_interfaces" in members["office1"], members["office1"]["interface"]) == (False, "wg7")
    assert members["office2"]["former_interfaces"] == ["wg0"]


def test_a_key_that_goes_with_its_interface_gives_way_to_the_one_that_is_found(registry: Registry) -> None:
    registry.call(offices(), public_keys=found())
    another = found(office2=key_text("made anew"))
    assert registry.call(offices(), public_keys=another, released={"office1": ["corp"]})["warnings"]
    assert registry.keys()["office2"] == key_text("office2 in corp")
    registry.call(offices(), public_keys=another, released={"office2": ["corp"]})
    assert registry.keys()["office2"] == key_text("made anew")


def kept(*clients: str) -> dict[str, Any]:
    return {"version": 1, "networks": {"corp": {"clients": {name: {"via": ["office1"]} for name in clients}}}}


def test_clients_that_were_added_meanwhile_count_in_the_run_that_pins(registry: Registry, tmp_path: Path) -> None:
    """Otherwise a run that began before would take them for clients that have left."""
    file = tmp_path / "wireguard_clients.yml"
    file.write_text(yaml.safe_dump(kept("bob")), encoding="utf-8")
    result = registry.call(offices(), clients_file=str(file), added=kept("carol"))
    assert result["added"] == kept("bob")
    assert list(registry.content["networks"]["corp"]["clients"]) == ["bob"]


def test_a_check_goes_by_the_clients_that_it_was_told_of(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "wireguard_clients.yml"
    result = registry.call(offices(), check=True, clients_file=str(file), added=kept("carol"))
    assert list(result["registry"]["networks"]["corp"]["clients"]) == ["carol"]
    assert not file.exists()


def test_what_is_wrong_with_an_added_client_is_told_at_its_place_in_the_file(
    registry: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "wireguard_clients.yml"
    file.write_text(yaml.safe_dump(kept("bob")).replace("office1", "nobody"), encoding="utf-8")
    with pytest.raises(AnsibleActionFail, match=f"{file}: networks.corp.clients.bob.via"):
        registry.call(offices(), clients_file=str(file))


def test_a_client_in_both_places_is_told_with_both(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "wireguard_clients.yml"
    file.write_text(yaml.safe_dump(kept("bob")), encoding="utf-8")
    declared = offices(("clients.bob", {"via": ["office1"]}))
    with pytest.raises(AnsibleActionFail, match=f"^wireguard_networks.corp.clients.bob: .*{file}"):
        registry.call(declared, clients_file=str(file))
