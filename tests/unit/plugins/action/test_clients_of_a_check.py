# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of a fleet with clients, as the role calls the two actions of the controller one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wgfleet.wireguard.plugins.action import client_config, registry
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text, offices

ALICE = ("clients.alice", {"via": ["office1"]})
HOSTS = ("office1", "office2", "branch")
KEY = re.compile("[A-Za-z0-9+/]{43}=")
MADE = "(made in the run)"


@dataclass
class Controller:
    """The files of a controller, and a play on them."""

    path: Path

    def call(self, action: Any, check: bool, **arguments: Any) -> dict[str, Any]:
        task = SimpleNamespace(args=arguments, check_mode=check, async_val=0, diff=True)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="none is needed"))
        result: dict[str, Any] = action.ActionModule(task, connection, SimpleNamespace(), DataLoader(), None, None).run(
            None, {}
        )
        return result

    def run(self, networks: dict[str, Any], check: bool, keys: dict[str, str]) -> list[dict[str, Any]]:
        """What the calls say, in their order; the keys are those that the hosts tell of."""
        file = {"path": str(self.path / "registry.yml"), "networks": networks}
        found = {host: {name: keys.get(host, "") for name in networks} for host in HOSTS}
        results = [self.call(registry, check, **file)]
        for _time in range(2):
            known = {"registry": results[-1]["registry"]}
            clients = self.call(client_config, check, networks=networks, directory=str(self.path / "clients"), **known)
            pinned = {"public_keys": found, "client_keys": clients["public_keys"], **known}
            results += [clients, self.call(registry, check, **file, **pinned)]
        return results


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


KEYS = {host: key_text(f"{host} in corp") for host in HOSTS}


def test_the_first_check_of_clients_warns_of_nothing(controller: Controller) -> None:
    results = controller.run(offices(ALICE), True, {})
    assert [each["warnings"] for each in results] == [[]] * 5
    assert results[3]["missing"] == []
    assert not list(controller.path.iterdir())


def test_the_check_of_a_renamed_network_does_not_miss_the_keys_of_its_clients(controller: Controller) -> None:
    controller.run(offices(ALICE), False, KEYS)
    renamed = {"main": offices(ALICE)["corp"]}
    assert not [
        text for each in controller.run(renamed, True, {}) for text in each["warnings"] if "private key" in text
    ]


def test_a_lost_key_is_told_in_a_check_too(controller: Controller) -> None:
    controller.run(offices(ALICE), False, KEYS)
    (controller.path / "clients/corp/alice/private.key").unlink()
    assert "the registry has its public key pinned" in str(controller.run(offices(ALICE), True, KEYS)[1]["warnings"])


def test_a_client_whose_private_key_is_elsewhere_does_not_wait_for_one(controller: Controller) -> None:
    *_others, early, _pinned = controller.run(offices(ALICE), False, {})
    assert early["clients"][0]["lacking"] == "it waits for the public key of office1"
    *_others, done, _pinned = controller.run(offices(ALICE), False, KEYS)
    assert done["clients"][0]["lacking"] == ""
    kept = controller.path / "clients/corp/alice/private.key"
    text = kept.read_text(encoding="utf-8")
    kept.unlink()
    *_others, lost, _pinned = controller.run(offices(ALICE), False, KEYS)
    assert lost["clients"][0]["lacking"] == f"its private key is not on this controller: bring {kept} back"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(key_text("another") + "\n", encoding="utf-8")
    *_others, other, _pinned = controller.run(offices(ALICE), False, KEYS)
    assert other["clients"][0]["lacking"] == f"the registry has another public key pinned than that of {kept}"
    kept.write_text(text, encoding="utf-8")
    assert controller.run(offices(ALICE), False, KEYS)[-2]["clients"][0]["lacking"] == ""


def test_a_check_shows_no_key_that_the_run_does_not_pin(controller: Controller) -> None:
    results = controller.run(offices(ALICE), True, {})
    shown = "".join(each["diff"].get("after", "") for each in results)
    assert shown.count(f"public_key: {MADE}") >= len(HOSTS) + 1
    assert KEY.findall(shown) == []
    told = {*KEY.findall(str(results))}
    assert told and all(key.startswith("MadeInTheRun") for key in told)
    done = controller.run(offices(ALICE), False, KEYS)
    assert "MadeInTheRun" not in str(done)
    assert MADE not in str(done)


def test_a_check_shows_the_keys_that_are_there(controller: Controller) -> None:
    shown = controller.run(offices(ALICE), True, KEYS)[2]["diff"]["after"]
    assert {*KEY.findall(shown)} == {*KEYS.values()}
