# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What WireGuard does where a clock was set back, which is what people are told of a clock that is wrong.

A handshake bears a time, and one whose time is not after that of an earlier one is refused as a replay (whitepaper,
section 5.1).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from ansible_collections.wgfleet.wireguard.tests.kernel import judge
from ansible_collections.wgfleet.wireguard.tests.kernel.machine import IS_OF_THE_TESTS
from ansible_collections.wgfleet.wireguard.tests.lab.networks import wg

HOUR = 3600
ADDRESSES = {"left": ("192.0.2.1", "10.9.9.1"), "right": ("192.0.2.2", "10.9.9.2")}
OTHER = {"left": "right", "right": "left"}


@pytest.fixture
def ends() -> Iterator[dict[str, str]]:
    """Two namespaces that are linked by a cable."""
    names = {end: f"clock-{end}-{os.getpid()}" for end in ADDRESSES}
    try:
        for name in names.values():
            subprocess.run(["ip", "netns", "add", name], check=True)
        judge.run(names["left"], "ip", "link", "add", "lan", "type", "veth", "peer", "lan", "netns", names["right"])
        for end, name in names.items():
            judge.run(name, "ip", "address", "add", f"{ADDRESSES[end][0]}/24", "dev", "lan")
            judge.run(name, "ip", "link", "set", "lan", "up")
        yield names
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False)


@contextlib.contextmanager
def clock_set_back(seconds: int) -> Iterator[None]:
    """Let it be earlier on this machine while the block runs."""
    offset = time.time() - time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, time.time() - seconds)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, time.monotonic() + offset)


def bring_up(ends: dict[str, str], keys: dict[str, str], end: str) -> None:
    """Make the device of an end, as a boot does."""
    other = OTHER[end]
    name = ends[end]
    judge.run(name, "ip", "link", "add", "wg0", "type", "wireguard")
    config = (
        f"[Interface]\nPrivateKey = {keys[end]}\nListenPort = 51820\n"
        f"[Peer]\nPublicKey = {wg('pubkey', text=keys[other])}\n"
        f"Endpoint = {ADDRESSES[other][0]}:51820\nAllowedIPs = {ADDRESSES[other][1]}/32\n"
    )
    judge.run(name, "wg", "setconf", "wg0", "/dev/stdin", input=config)
    judge.run(name, "ip", "address", "add", f"{ADDRESSES[end][1]}/24", "dev", "wg0")
    judge.run(name, "ip", "link", "set", "wg0", "up")


def is_answered(ends: dict[str, str]) -> bool:
    argv = ["ip", "netns", "exec", ends["left"], "ping", "-n", "-i", "0.2", "-c", "1", "-w", "4", ADDRESSES["right"][1]]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not IS_OF_THE_TESTS, reason="this kernel's clock is that of the machine, which others use")
def test_kernel_refuses_a_host_whose_clock_was_set_back_until_it_is_right_again(ends: dict[str, str]) -> None:
    keys = {end: wg("genkey") for end in ends}
    for end in ends:
        bring_up(ends, keys, end)
    assert is_answered(ends)
    with clock_set_back(HOUR):
        judge.run(ends["left"], "ip", "link", "delete", "wg0")
        bring_up(ends, keys, "left")
        assert not is_answered(ends)
        (peer,) = judge.shown_by_dump(ends["left"], "wg0")["peers"].values()
        assert peer["tx_bytes"] and not peer["rx_bytes"], "it has asked, and was not answered"
    judge.run(ends["left"], "ip", "link", "delete", "wg0")
    bring_up(ends, keys, "left")
    assert is_answered(ends)
