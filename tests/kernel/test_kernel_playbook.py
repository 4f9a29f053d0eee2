# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The production playbook on two hosts whose kernel has WireGuard. There is one, since a run takes its time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.kernel import judge
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Playbooks, building_labs

ADDRESSES = {"left": "10.9.9.1", "right": "10.9.9.2"}
TOPOLOGY = {
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
NETWORK: dict[str, Any] = {
    "interface": "wg0",
    "pool": ["10.9.9.0/24"],
    "port": 13231,
    "members": {
        "left": {"endpoint": "192.0.2.1", "address": ["10.9.9.1/24"], "routes": ["10.1.0.0/24"]},
        "right": {"endpoint": "192.0.2.2", "address": ["10.9.9.2/24"], "routes": ["10.2.0.0/24"]},
    },
}


def test_kernel_holds_and_carries_what_the_playbook_declares(tmp_path: Path) -> None:
    with building_labs() as build:
        lab = build(TOPOLOGY)
        inventory = lab.inventory(wireguard_networks={"corp": NETWORK}, wireguard_install=False)
        Playbooks(tmp_path).run("wgfleet.wireguard.site_to_site", inventory)
        shown = {host: judge.shown_by_dump(lab.netns(host), "wg0") for host in ADDRESSES}
        for host, other in (("left", "right"), ("right", "left")):
            member, netns = NETWORK["members"][other], lab.netns(host)
            ((key, peer),) = shown[host]["peers"].items()
            assert (key, shown[host]["listen_port"]) == (shown[other]["public_key"], NETWORK["port"])
            assert peer["endpoint"] == f"{member['endpoint']}:{NETWORK['port']}"
            assert peer["allowed_ips"] == {f"{ADDRESSES[other]}/32", *member["routes"]}
            assert "wireguard" in judge.run(netns, "ip", "-d", "link", "show", "wg0")  # the kernel's, no tun device
            assert ADDRESSES[host] in judge.run(netns, "ip", "-j", "address", "show", "wg0")
            assert member["routes"][0] in judge.run(netns, "ip", "-j", "route", "show", "dev", "wg0")
        assert not lab.ping("left", ADDRESSES["right"], count=3).lost
