# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are told apart at sight go in by every door, and must come out by none."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, as_json, key_pair, star_fleet, wg

LOUD = ("-vvvv", "--diff")
INTERFACE, PEER = "wgfleet.wireguard.linux_interface", "wgfleet.wireguard.linux_peer"


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return star_fleet(module_lab, tmp_path_factory.mktemp("secrecy"), "one", "two")


def leaks(run: PlaybookRun, secrets: list[str]) -> list[str]:
    """Where secrets are in what a run said: the terminal and the results."""
    said = {"output": run.output, "results": as_json([entry.result for entry in run.results])}
    return [place for place, text in said.items() for secret in secrets if secret in text]


@contextmanager
def command_lines() -> Iterator[set[str]]:
    """Gather the arguments of all processes of the machine as long as the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        looks: Counter[str] = Counter()  # a young process may still become another program
        while not over.wait(0.02):
            for pid in (name for name in os.listdir("/proc") if name.isdigit() and looks[name] < 5):
                looks[pid] += 1
                with suppress(OSError):  # it has ended
                    seen.add(Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def holders(fleet: Fleet, host: str, secret: str) -> dict[str, str]:
    """The files of a host that hold a secret, with their modes."""
    places = ["/etc", "/var/lib", "/run", "/root/.ansible/tmp"]
    found = fleet.lab.run(host, ["grep", "-rlsF", "--devices=skip", secret, *places], check=False).stdout.split()
    return {path: fleet.lab.run(host, ["stat", "-c", "%a", path]).stdout.strip() for path in found}


def test_secrets_in_options_config_and_key_files_stay_inside(fleet: Fleet) -> None:
    (first, dummy), (second, second_public), (third, dummy) = (key_pair() for _number in range(3))
    psks = [wg("genpsk") for _number in range(3)]
    stranger = key_pair()[1]
    config = {"name": "wg8", "private_key": second, "persist": "networkd"}
    config["peers"] = [{"public_key": stranger, "preshared_key": psks[1]}]
    peer = {"public_key": stranger, "preshared_key": psks[0]}
    with command_lines() as seen:
        run = fleet.tasks(
            "one",
            {INTERFACE: {"name": "wg7", "private_key": first, "peers": [peer], "persist": "wg_quick"}},
            {INTERFACE: {"config": as_json(config)}},
            {PEER: {"interface": "wg7", "public_key": stranger, "preshared_key": psks[2]}},
            {PEER: {"interface": "wg7", "public_key": second_public, "preshared_key": psks[0]}},
            {"wgfleet.wireguard.keypair": {"path": "/etc/wireguard/own.key", "private_key": third}},
            {INTERFACE: {"name": "wg7", "private_key_file": "/etc/wireguard/own.key"}},
            {"wgfleet.wireguard.linux_info": {}},
            flags=LOUD,
        )
    secrets = [first, second, third, *psks]
    assert leaks(run, secrets) == []
    assert len(seen) > 5
    assert [secret for secret in secrets if any(secret in line for line in seen)] == []
    modes = {path: mode for secret in secrets for path, mode in holders(fleet, "one", secret).items()}
    assert {"/etc/wireguard/own.key", "/etc/wireguard/wg7.conf"} <= modes.keys()
    assert {mode[-1] for mode in modes.values()} == {"0"}, modes
    assert {mode for path, mode in modes.items() if "systemd" not in path} == {"600"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"config": '{"name": "wg9", "private_key": "%s", '},
        {"config": '{"name": "wg9", "listen_port": "%s"}'},
        {"config": '{"name": "wg9", "peers": [{"public_key": "%s=", "persistent_keepalive": "%s"}]}'},
        {"name": "wg9", "private_key": "%s="},
        {"name": "wg9", "peers": [{"public_key": "%s", "preshared_key": "x%s"}]},
        {"name": "wg9", "fwmark": "%s"},
    ],
    ids=["broken-config", "key-as-port", "key-as-keepalive", "too-long", "bad-psk", "key-as-mark"],
)
def test_a_secret_in_the_wrong_place_is_not_repeated_in_the_error(fleet: Fleet, wrong: dict[str, Any]) -> None:
    secret = key_pair()[0]
    options = {name: filled(value, secret) for name, value in wrong.items()}
    run = fleet.tasks("one", {INTERFACE: options}, code=2)
    (entry,) = run.results
    assert entry.status == "failed"
    assert secret not in entry.result["msg"]
    assert secret not in as_json(entry.result.get("problems", ""))


def filled(value: Any, secret: str) -> Any:
    if isinstance(value, list):
        return [{name: filled(item, secret) for name, item in each.items()} for each in value]
    return value.replace("%s", secret)


def test_a_key_that_the_declaration_supplies_stays_inside(fleet: Fleet) -> None:
    private, public = key_pair()
    fleet.members()["two"]["private_key"] = private
    with command_lines() as seen:
        runs = [fleet.run(*LOUD, "--check"), fleet.run(*LOUD), fleet.run(*LOUD, play="status", code=None)]
    assert fleet.pinned("two")["public_key"] == public
    assert [place for run in runs for place in leaks(run, [private])] == []
    assert not any(private in line for line in seen)
    assert private not in fleet.registry.read_text(encoding="utf-8")
    modes = holders(fleet, "two", private)
    assert {"/etc/wireguard/corp.key", "/etc/wireguard/wg0.conf"} <= modes.keys()
    assert set(modes.values()) == {"600"}
    assert holders(fleet, "one", private) == {}
