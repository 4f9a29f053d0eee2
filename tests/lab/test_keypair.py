# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module keypair on a host, judged by `wg` and by the files themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks

PATH = "/etc/wireguard-of-test/wg0.key"


@pytest.fixture
def host(lab: Callable[..., Lab]) -> Lab:
    return lab({"hosts": {"office1": {}}, "links": []})


@pytest.fixture
def keypair(host: Lab, playbooks: Playbooks) -> Callable[..., PlaybookRun]:
    """``keypair(*flags, **options)`` runs the module in the host."""

    def run(*flags: str, code: int = 0, **options: Any) -> PlaybookRun:
        task = {"name": "Have a key", "wgfleet.wireguard.keypair": {"path": PATH, **options}}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        return playbooks.run(play, host.inventory(), arguments=flags, code=code)

    return run


def wg(*words: str, stdin: str = "") -> str:
    return subprocess.run(["wg", *words], input=stdin, check=True, capture_output=True, text=True).stdout.strip()


def stored(host: Lab) -> str:
    return host.run("office1", ["cat", PATH], check=False).stdout.strip()


def modes(host: Lab) -> list[str]:
    return host.run("office1", ["stat", "-c", "%a", PATH, PATH.rpartition("/")[0]]).stdout.split()


def test_a_key_is_made_once_and_its_public_half_is_that_of_wg(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    first = keypair().of("keypair")[0]
    key = stored(host)
    assert first["public_key"] == wg("pubkey", stdin=key)
    assert (first["changed"], first["writes"], first["path"], modes(host)) == (True, 2, PATH, ["600", "700"])
    second = keypair().of("keypair")[0]
    assert (second["changed"], second["writes"], second["public_key"]) == (False, 0, first["public_key"])
    assert stored(host) == key


def test_check_mode_announces_a_key_and_writes_nothing(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    result = keypair("--check", "--diff").of("keypair")[0]
    assert (result["changed"], result["writes"], len(result["public_key"])) == (True, 0, 44)
    assert host.run("office1", ["ls", PATH.rpartition("/")[0]], check=False).returncode != 0


def test_no_private_key_is_ever_shown(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    made = keypair("-vvvv", "--diff")
    keys = [stored(host), wg("genkey")]
    outputs = [made.output, keypair("-vvvv", "--diff", private_key=keys[1]).output]
    outputs.append(keypair("-vvvv", "--diff", "--check", private_key=wg("genkey")).output)
    assert stored(host) == keys[1]
    outputs.append(keypair("-vvvv", "--diff", state="absent").output)
    assert [key for key in keys for output in outputs if key in output] == []
    assert wg("pubkey", stdin=keys[1]) in outputs[1]


def test_a_given_key_replaces_another_and_is_left_alone_when_it_is_there(
    host: Lab, keypair: Callable[..., PlaybookRun]
) -> None:
    keypair()
    key = wg("genkey")
    assert keypair(private_key=key).of("keypair")[0]["writes"] == 1
    assert stored(host) == key
    assert keypair(private_key=key).changed() == 0


def test_a_file_that_others_can_read_is_closed_and_keeps_its_key(
    host: Lab, keypair: Callable[..., PlaybookRun]
) -> None:
    keypair()
    key = stored(host)
    host.run("office1", ["chmod", "644", PATH])
    assert keypair().of("keypair")[0]["writes"] == 1
    assert (modes(host)[0], stored(host)) == ("600", key)


def test_a_file_that_holds_no_key_is_an_error_and_stays(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    host.run("office1", ["mkdir", "-p", PATH.rpartition("/")[0]])
    host.run("office1", ["tee", PATH], input="hunter2 is no key\n")
    for options in ({}, {"state": "absent"}, {"private_key": wg("genkey")}):
        run = keypair("-vvvv", code=2, **options)
        assert "is no key" in run.of("keypair")[0]["msg"]
        assert "hunter2" not in run.output
    assert stored(host) == "hunter2 is no key"


def test_a_malformed_given_key_is_refused_without_being_shown(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    wrong = wg("genkey")[:-5] + "="
    run = keypair("-vvvv", code=2, private_key=wrong)
    assert run.of("keypair")[0]["msg"].startswith("private_key: is no key")
    assert wrong not in run.output
    assert stored(host) == ""


def test_an_absent_key_is_removed_once(host: Lab, keypair: Callable[..., PlaybookRun]) -> None:
    keypair()
    removed = keypair(state="absent").of("keypair")[0]
    assert (removed["writes"], removed["public_key"], stored(host)) == (1, "", "")
    assert keypair(state="absent").changed() == 0
