# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text codec and the socket against a real wireguard-go, in a host of its own. `wg` is the second witness."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_device import (
    StaleSocket,
    UapiDevice,
    is_alive,
    start_userspace,
    stop_userspace,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, NoWireguard
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.lab.lone_host import lone_host
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    CASES,
    PRIVATE,
    PUBLIC,
    prefixes,
)

PACKAGE = "ansible_collections.wgfleet.wireguard.tests.lab.test_uapi_device"
COLLECTIONS = Path(__file__).resolve().parents[2] / ".ansible" / "collections"


def said(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=20).stdout.strip()


def every_case_reads_back_as_it_is_meant() -> None:
    for case in CASES:
        start_userspace("wg0")
        device = UapiDevice("wg0")
        device.write(
            [
                SetDevice(*([case.before.private_key] if case.before.private_key else []), fwmark=case.before.fwmark),
                *([SetDevice(listen_port=case.before.listen_port)] if case.before.listen_port else []),
                *(
                    SetPeer(
                        key, True, peer.preshared_key, peer.endpoint, peer.allowed_ips, True, peer.persistent_keepalive
                    )
                    for key, peer in case.before.peers.items()
                ),
            ]
        )
        device.write(case.steps)
        observed = device.read()
        assert observed.peers == case.observed.peers, case.rule
        assert (observed.private_key, observed.fwmark) == (case.observed.private_key, case.observed.fwmark), case.rule
        assert observed.listen_port == (case.observed.listen_port or observed.listen_port), case.rule
        stop_userspace("wg0")


def wg_tells_the_same() -> None:
    start_userspace("wg0")
    UapiDevice("wg0").write([SetDevice(PRIVATE, 51820), SetPeer(ALICE, True, add_allowed_ips=prefixes("10.0.0.0/8"))])
    assert said("wg", "show", "wg0", "public-key") == str(PUBLIC) == str(UapiDevice("wg0").read().public_key)
    assert said("wg", "show", "wg0", "allowed-ips") == f"{ALICE}\t10.0.0.0/8"


def two_thousand_peers_are_one_write() -> None:
    start_userspace("wg0")
    keys = [PublicKey(os.urandom(32)) for _number in range(2000)]
    steps = [SetPeer(key, True, add_allowed_ips=prefixes(f"10.0.{n // 256}.{n % 256}")) for n, key in enumerate(keys)]
    assert UapiDevice("wg0").write(steps) == 1
    assert set(UapiDevice("wg0").read().peers) == set(keys)


def a_refusal_is_told_in_words() -> None:
    start_userspace("wg0")
    start_userspace("wg1")
    UapiDevice("wg0").write([SetDevice(listen_port=51820)])
    said("ip", "link", "set", "wg0", "up")
    said("ip", "link", "set", "wg1", "up")
    with pytest.raises(DeviceError, match="UDP port 51820 is in use"):
        UapiDevice("wg1").write([SetDevice(listen_port=51820)])


def a_program_that_was_killed_is_told_apart_and_started_afresh() -> None:
    start_userspace("wg0")
    os.kill(int(said("pidof", "wireguard-go")), signal.SIGKILL)
    while is_alive("wg0"):
        pass
    with pytest.raises(StaleSocket):
        UapiDevice("wg0").read()
    start_userspace("wg0")
    assert UapiDevice("wg0").read().peers == {}


def a_program_that_is_stopped_takes_its_interface_along() -> None:
    start_userspace("wg0")
    stop_userspace("wg0")
    assert not is_alive("wg0")
    assert "wg0" not in said("ip", "-o", "link")


def the_program_holds_nothing_of_ours() -> None:
    os.environ["LOG_LEVEL"] = "debug"
    start_userspace("wg0")
    process = said("pidof", "wireguard-go")
    assert {os.readlink(f"/proc/{process}/fd/{number}") for number in (0, 1, 2)} == {"/dev/null"}
    assert os.readlink(f"/proc/{process}/cwd") == "/"
    assert os.getsid(int(process)) != os.getsid(0)


def a_name_that_is_taken_is_an_error_in_the_programs_words() -> None:
    with pytest.raises(NoWireguard, match=r"cannot make the interface: .*Failed to create TUN device"):
        start_userspace("lo")


SCENARIOS = (
    every_case_reads_back_as_it_is_meant,
    wg_tells_the_same,
    two_thousand_peers_are_one_write,
    a_refusal_is_told_in_words,
    a_program_that_was_killed_is_told_apart_and_started_afresh,
    a_program_that_is_stopped_takes_its_interface_along,
    the_program_holds_nothing_of_ours,
    a_name_that_is_taken_is_an_error_in_the_programs_words,
)


@pytest.mark.parametrize("scenario", [scenario.__name__ for scenario in SCENARIOS])
def test_on_a_real_userspace_device(scenario: str) -> None:
    with lone_host() as host:
        result = host.run(
            "env", f"PYTHONPATH={COLLECTIONS}", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-c",
            f"from {PACKAGE} import {scenario} as scenario; scenario()",
            check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
