# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with systemd is switched off and on again, and has without Ansible what it had: its tunnel, routes, NAT,
switches, and the set of a split tunnel with the timer that refreshes it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.kernel import machine
from ansible_collections.wgfleet.wireguard.tests.kernel.machine import FAR, NEAR, Machine
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.lab.networks import wg

MODULES = "ansible_collections.wgfleet.wireguard.plugins.modules"
INSIDE, FAR_INSIDE, FAR_LAN = "10.9.9.2", "10.9.9.1", "10.1.0.0/24"
LIST, LISTED, ADDED = "/root/prefixes", "198.51.100.0/24", "198.51.100.0/24\n203.0.113.0/26\n"
SPLIT = {"interface": "wg0", "files": [LIST], "refresh": "daily"}
REFRESH = "wgfleet-split-refresh-wg0"
RUN_MODULE = CHECKOUT / "tests/tools/run_module.py"


@pytest.fixture
def far_key() -> Iterator[str]:
    """A peer in this namespace, at the other end of the machine's link; its private key."""
    key = wg("genkey")
    subprocess.run(["ip", "link", "add", "wgfar", "type", "wireguard"], check=True)
    try:
        config = f"[Interface]\nPrivateKey = {key}\nListenPort = 51820\n"
        wg("setconf", "wgfar", "/dev/stdin", text=config)
        subprocess.run(["ip", "address", "add", f"{FAR_INSIDE}/24", "dev", "wgfar"], check=True)
        subprocess.run(["ip", "link", "set", "wgfar", "up"], check=True)
        yield key
    finally:
        subprocess.run(["ip", "link", "delete", "wgfar"], check=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    try:
        yield made
    finally:
        made.scrap()


def until(condition: Callable[[], bool], what: str, box: Machine, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not in time. The machine has said: {box.said()}")
        time.sleep(0.2)


def is_started(box: Machine) -> bool:
    said = box.run("systemctl", "is-active", "multi-user.target", "systemd-networkd", check=False).stdout.split()
    return said == ["active", "active"] and NEAR in box.run("ip", "-4", "address", "show", "dev", "wan").stdout


def brought(box: Machine, options: dict[str, Any], module: str = "linux_interface") -> dict[str, Any]:
    """Run a module in the machine and give what it says."""
    done = box.run(
        "env", f"PYTHONPATH={CHECKOUT / '.ansible/collections'}", sys.executable, str(RUN_MODULE),
        f"{MODULES}.{module}",
        text=json.dumps({"ANSIBLE_MODULE_ARGS": options}), check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def has_listed(box: Machine, address: str) -> bool:
    element = ["inet", "wgfleet_split_wg0", "prefixes4", f"{{ {address} }}"]
    return box.run("nft", "get", "element", *element, check=False).returncode == 0


def answers(box: Machine) -> bool:
    return box.run("ping", "-n", "-c", "1", "-W", "2", FAR_INSIDE, check=False).returncode == 0


@pytest.mark.skipif(not machine.PROGRAM.exists(), reason="systemd is not installed")
@pytest.mark.skipif(not machine.IS_OF_THE_TESTS, reason="the control groups of this kernel are another systemd's")
@pytest.mark.parametrize("persist", ["networkd", "wg_quick"])
def test_kernel_has_everything_again_when_a_machine_was_switched_off_and_on(
    box: Machine, far_key: str, persist: str
) -> None:
    private_key = wg("genkey")
    far_peer = ["peer", wg("pubkey", text=private_key), "allowed-ips", f"{INSIDE}/32"]
    wg("set", "wgfar", *far_peer)
    options = {
        "name": "wg0",
        "persist": persist,
        "private_key": private_key,
        "listen_port": 51820,
        "addresses": [f"{INSIDE}/24"],
        "routes": [FAR_LAN],
        "peers": [
            {
                "public_key": wg("pubkey", text=far_key),
                "endpoint_host": FAR,
                "endpoint_port": 51820,
                "allowed_ips": [f"{FAR_INSIDE}/32", FAR_LAN],
            }
        ],
        "gateway": {
            "forwarding": ["ipv4"],
            "outbound": [{"source": "10.9.9.0/24", "interface": "wg0", "out_interface": "wan"}],
        },
    }
    box.switch_on()
    until(lambda: is_started(box), "systemd", box)
    box.run("tee", LIST, text=LISTED)
    assert brought(box, options)["changed"]
    assert brought(box, SPLIT, "linux_split_tunnel")["changed"]
    assert answers(box)

    box.switch_off()
    box.switch_on()
    until(lambda: is_started(box), "systemd", box)
    until(lambda: answers(box), "the tunnel after the restart", box)
    assert box.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout.strip() == "1"
    assert "masquerade" in box.run("nft", "list", "table", "inet", "wgfleet_gateway_wg0").stdout
    assert "wg0" in box.run("ip", "route", "show", FAR_LAN).stdout
    until(lambda: "fwmark" in box.run("ip", "rule").stdout, "the split tunnel after the restart", box)
    assert has_listed(box, "198.51.100.1")
    assert box.run("systemctl", "is-active", f"{REFRESH}.timer", check=False).stdout == "active\n"
    for again in (brought(box, options), brought(box, SPLIT, "linux_split_tunnel")):
        assert (again["changed"], again["writes"]) == (False, 0), again
    box.run("tee", LIST, text=ADDED)
    box.run("systemctl", "start", f"{REFRESH}.service")
    assert has_listed(box, "203.0.113.1")
    owner = box.run("networkctl", "status", "wg0", check=False).stdout
    assert ("configured" in owner) == (persist == "networkd"), owner
