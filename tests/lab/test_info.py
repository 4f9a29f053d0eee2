# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module linux_info on two hosts with a tunnel between them, judged by `wg`."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks, Topology

PAIR: Topology = {
    "hosts": {"left": {}, "right": {}},
    "links": [
        {
            "a": "left",
            "a_interface": "wan",
            "a_addresses": ["192.0.2.1/24"],
            "b": "right",
            "b_interface": "wan",
            "b_addresses": ["192.0.2.2/24"],
        }
    ],
}
NUMBERS = {"left": 1, "right": 2}
STRANGER = "v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M="


def wg(*words: str, stdin: str = "") -> str:
    return subprocess.run(["wg", *words], input=stdin, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {host: wg("genkey") for host in NUMBERS}


@pytest.fixture(scope="module")
def pair(module_lab: Callable[..., Lab], keys: dict[str, str], tmp_path_factory: Any) -> Lab:
    """Two hosts with a tunnel, and a tun device that is no tunnel."""
    lab: Lab = module_lab(PAIR)
    for host, number in NUMBERS.items():
        lab.run(host, ["ip", "tuntap", "add", "tap7", "mode", "tun"])
        other = next(name for name in NUMBERS if name != host)
        peer = {
            "public_key": wg("pubkey", stdin=keys[other]),
            "name": other,
            "endpoint_host": f"192.0.2.{NUMBERS[other]}",
            "endpoint_port": 51820,
            "allowed_ips": [f"10.9.0.{NUMBERS[other]}", f"10.{NUMBERS[other]}.0.0/16"],
            "preshared_key": STRANGER,
        }
        options = {
            "name": "wg0",
            "private_key": keys[host],
            "listen_port": 51820,
            "addresses": [f"10.9.0.{number}/24"],
            "peers": [peer],
        }
        play(lab, Path(tmp_path_factory.mktemp(host)), "linux_interface", options, host)
    return lab


def play(lab: Lab, directory: Path, module: str, options: dict[str, Any], *hosts: str) -> dict[str, Any]:
    """Run one module on hosts and give its result on the first."""
    task = {"name": "Run the module", f"wgfleet.wireguard.{module}": options}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    done = Playbooks(directory).run(plays, lab.inventory(*hosts), arguments=("-vvvv",), code=None)
    return {**done.of("Run the module", hosts[0])[0], "output": done.output}


def info(lab: Lab, directory: Path, host: str = "left", **options: Any) -> dict[str, Any]:
    return play(lab, directory, "linux_info", options, host)


def test_reading_sends_nothing_and_probing_makes_a_silent_link_speak(pair: Lab, tmp_path: Path) -> None:
    silent = info(pair, tmp_path)["interfaces"][0]["peers"][0]
    assert (silent["last_handshake"], silent["tx_bytes"]) == (0, 0)
    probed = info(pair, tmp_path, probe_timeout=10)
    peer = probed["interfaces"][0]["peers"][0]
    assert 0 <= probed["now"] - peer["last_handshake"] < 10
    assert (probed["changed"], peer["rx_bytes"] > 0) == (False, True)
    time.sleep(11)  # who has heard something answers after 10 s, by an empty packet if it has nothing to say
    before = pair.run("left", ["wg", "show", "wg0", "transfer"]).stdout
    info(pair, tmp_path, probe_timeout=10)
    assert pair.run("left", ["wg", "show", "wg0", "transfer"]).stdout == before


def test_all_interfaces_are_found_and_told_as_wg_tells_them(pair: Lab, keys: dict[str, str], tmp_path: Path) -> None:
    result = info(pair, tmp_path)
    (interface,) = result["interfaces"]
    own = wg("pubkey", stdin=keys["left"])
    assert (interface["name"], interface["public_key"], interface["listen_port"]) == ("wg0", own, 51820)
    assert (interface["exists"], interface["enabled"], interface["addresses"]) == (True, True, ["10.9.0.1/24"])
    (peer,) = interface["peers"]
    shown = pair.run("left", ["wg", "show", "wg0", "allowed-ips"]).stdout.split()
    assert (peer["public_key"], set(peer["allowed_ips"])) == (shown[0], set(shown[1:]))
    assert (peer["name"], peer["endpoint"], peer["preshared_key"]) == ("right", "192.0.2.2:51820", "(hidden)")
    assert [secret for secret in (keys["left"], STRANGER) if secret in result["output"]] == []


def test_an_interface_that_is_not_there_is_told_as_such(pair: Lab, tmp_path: Path) -> None:
    (interface,) = info(pair, tmp_path, name="wg7", probe_timeout=1)["interfaces"]
    assert (interface["name"], interface["exists"], interface["peers"]) == ("wg7", False, [])


@pytest.mark.parametrize(("name", "message"), [("wan", "no WireGuard interface"), ("a/b", "name: ")])
def test_what_is_no_tunnel_is_refused(pair: Lab, tmp_path: Path, name: str, message: str) -> None:
    assert message in info(pair, tmp_path, name=name)["msg"]


def test_a_peer_that_does_not_answer_is_waited_for_no_longer_than_asked(pair: Lab, tmp_path: Path) -> None:
    pair.run("left", ["wg", "set", "wg0", "peer", STRANGER, "allowed-ips", "0.0.0.0/0", "endpoint", "192.0.2.9:9"])
    try:
        peers = info(pair, tmp_path, probe_timeout=1)["interfaces"][0]["peers"]
        (stranger,) = (peer for peer in peers if peer["public_key"] == STRANGER)
        assert (stranger["last_handshake"], stranger["probe"]["answered_after"]) == (0, None)
        assert 0.2 < stranger["probe"]["watched_for"] < 5
    finally:
        pair.run("left", ["wg", "set", "wg0", "peer", STRANGER, "remove"])
