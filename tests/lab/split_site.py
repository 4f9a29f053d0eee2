# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A laptop with a tunnel to a gateway, and a server in the internet that tells who asks it.

The server has addresses in two networks of each IP version, ``NEAR`` and ``FAR``. What comes to it through the tunnel
comes from the gateway's address, everything else from the laptop's own.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks, Topology
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import (
    Simulator,
    plane_flags,
    simulator,
)
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

NEAR, FAR = "203.0.113.10", "203.0.114.10"
NEAR6, FAR6 = "2001:db8:113::10", "2001:db8:114::10"
LAPTOP, GATEWAY = "198.51.1.1", "198.51.2.1"
LAPTOP6, GATEWAY6 = "2001:db8:1::1", "2001:db8:2::1"
PORT = 5300

_LINKS = {"laptop": 1, "gateway": 2, "server": 3}


def _link(host: str, number: int, *more: str) -> dict[str, Any]:
    return {
        "a": host,
        "a_interface": "wan",
        "a_addresses": [f"198.51.{number}.1/24", f"2001:db8:{number}::1/64", *more],
        "b": "internet",
        "b_interface": host,
        "b_addresses": [f"198.51.{number}.254/24", f"2001:db8:{number}::fe/64"],
    }


def _site(number: int, **options: Any) -> dict[str, Any]:
    return {"routes": {"0.0.0.0/0": f"198.51.{number}.254", "::/0": f"2001:db8:{number}::fe"}, **options}


TOPOLOGY: Topology = {
    "hosts": {
        "laptop": _site(1, forwarding=True),
        "gateway": _site(2, forwarding=True, masquerade="wan"),
        "server": _site(3),
        "workstation": {"routes": {"0.0.0.0/0": "10.5.0.1"}},
        "internet": {
            "forwarding": True,
            "routes": {
                "203.0.113.0/24": "198.51.3.1",
                "203.0.114.0/24": "198.51.3.1",
                "2001:db8:113::/48": "2001:db8:3::1",
                "2001:db8:114::/48": "2001:db8:3::1",
                "10.5.0.0/24": "198.51.1.1",
            },
        },
    },
    "links": [
        *(
            _link(host, number, *([f"{NEAR}/24", f"{FAR}/24", f"{NEAR6}/64", f"{FAR6}/64"] if host == "server" else []))
            for host, number in _LINKS.items()
        ),
        {
            "a": "laptop",
            "a_interface": "lan",
            "a_addresses": ["10.5.0.1/24"],
            "b": "workstation",
            "b_interface": "lan",
            "b_addresses": ["10.5.0.10/24"],
        },
    ],
}

# Answers every datagram with the address from which it came, from the address to which it went.
_TELLER = """
import selectors, socket, struct, sys
chosen = selectors.DefaultSelector()
for family, level, option, pack in (
    (socket.AF_INET, socket.IPPROTO_IP, 8, None),
    (socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, None),
):
    channel = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        channel.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    channel.setsockopt(level, option, 1)
    channel.bind(("", int(sys.argv[1])))
    chosen.register(channel, selectors.EVENT_READ)
while True:
    for key, dummy in chosen.select():
        channel = key.fileobj
        data, ancillary, flags, sender = channel.recvmsg(100, 200)
        level, kind, info = ancillary[0]
        if level == socket.IPPROTO_IP:
            info = struct.pack("=I4s4s", 0, info[8:12], bytes(4))
        else:
            info = info[:16] + bytes(4)
        channel.sendmsg([sender[0].encode()], [(level, kind, info)], 0, sender)
"""
_ASK = """
import socket, sys
address, port, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]
channel = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
if source:
    channel.bind((source, 0))
answers = []
for attempt in range(8):
    channel.settimeout(0.5)
    try:
        channel.sendto(b"who", (address, port))
        answers.append(channel.recvfrom(100)[0].decode())
        if len(answers) == 3:  # the later ones are of a connection that is established
            print(*dict.fromkeys(answers))
            break
    except OSError:
        pass
"""


def build(build_lab: Callable[[Topology], Lab]) -> Lab:
    """Give the lab with its tunnel up: the laptop's peer is the gateway, for every address."""
    lab = build_lab(TOPOLOGY)
    keys = {host: _wg("genkey") for host in ("laptop", "gateway")}
    _tunnel(lab, "laptop", keys, "gateway", "0.0.0.0/0, ::/0", ["10.9.0.1/24", "fd66::1/64"], f"{GATEWAY}:51820")
    _build_far_end(lab, keys)
    return lab


@contextlib.contextmanager
def routed(build_lab: Callable[[Topology], Lab]) -> Iterator[tuple[Lab, Simulator]]:
    """The same with a router, which has the default configuration, in the place of the laptop."""
    lab = build_lab(TOPOLOGY)
    keys = {host: _wg("genkey") for host in ("laptop", "gateway")}
    seed = {
        "/ip/address": [{"interface": "ether1", "address": f"{LAPTOP}/24"}],
        "/ip/route": [{"gateway": "198.51.1.254"}],
        "/ipv6/address": [{"interface": "ether1", "address": f"{LAPTOP6}/64"}],
        "/ipv6/route": [{"gateway": "2001:db8:1::fe"}],
        "/ip/dns": {"servers": FAR},
    }
    plane = plane_flags(lab.argv("laptop", []), ether1="wan", bridge="lan")
    flags = ["--version", "7.22.2", "--defconf", "--lan", "10.5.0.1/24", *plane]
    with simulator(*flags, seed=seed) as router, contextlib.closing(Client(router.port)) as api:
        api.add("/interface/wireguard", name="wg0", listen_port="51820", private_key=keys["laptop"])
        for menu, address in (("/ip/address", "10.9.0.1/24"), ("/ipv6/address", "fd66::1/64")):
            api.add(menu, interface="wg0", address=address)
        peer = {"public_key": _wg("pubkey", stdin=keys["gateway"]), "allowed_address": "0.0.0.0/0,::/0"}
        api.add("/interface/wireguard/peers", interface="wg0", endpoint_address=GATEWAY, endpoint_port="51820", **peer)
        for menu in ("/ip/firewall/filter", "/ipv6/firewall/filter"):
            first = api.rows(menu, "?dynamic=false")[0][".id"]
            api.add(menu, chain="input", protocol="udp", dst_port=str(PORT), place_before=first)
        _build_far_end(lab, keys)
        yield lab, router


def _build_far_end(lab: Lab, keys: dict[str, str]) -> None:
    allowed = "10.9.0.1/32, fd66::1/128, 10.5.0.0/24"
    _tunnel(lab, "gateway", keys, "laptop", allowed, ["10.9.0.2/24", "fd66::2/64"], "")
    lab.run("gateway", ["ip", "route", "add", "10.5.0.0/24", "dev", "wg0"])
    masquerade = 'table ip6 judge { chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }; }'
    lab.run("gateway", ["nft", "-f", "-"], input=masquerade + "\n")
    for host in ("server", "laptop"):
        background(lab, host, [sys.executable, "-c", _TELLER, str(PORT)])


def background(lab: Lab, host: str, argv: list[str]) -> None:
    """Start a program in a host that ends with the lab."""
    lab.run(host, ["sh", "-c", 'setsid "$@" </dev/null >/dev/null 2>&1 &', "sh", *argv])


def asked(lab: Lab, address: str, host: str = "laptop", source: str = "") -> str:
    """What the teller at an address says of who asks it; empty where it is not reached."""
    return lab.run(host, [sys.executable, "-c", _ASK, address, str(PORT), source]).stdout.strip()


def ways(lab: Lab) -> tuple[str, str, str, str]:
    """Who the server sees at each of its four addresses when the laptop asks."""
    return (asked(lab, NEAR), asked(lab, FAR), asked(lab, NEAR6), asked(lab, FAR6))


def split_routed(router: Simulator, directory: Path, flags: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
    """Run the module for routers and give its result."""
    access = {"hostname": "127.0.0.1", "port": router.port, "tls": False, "username": "admin", "password": ""}
    task = {"name": "Split", "wgfleet.wireguard.routeros_split_tunnel": {**access, "interface": "wg0", **options}}
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}]
    directory.mkdir(exist_ok=True)
    inventory = {"all": {"hosts": {"localhost": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}}}
    done = Playbooks(directory).run(play, inventory, arguments=flags, code=None)
    return done.of("routeros_split_tunnel")[0]


def split(lab: Lab, directory: Path, flags: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
    """Run the module on the laptop and give its result."""
    task = {"name": "Split", "wgfleet.wireguard.linux_split_tunnel": {"interface": "wg0", **options}}
    play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    directory.mkdir(exist_ok=True)
    done = Playbooks(directory).run(play, lab.inventory("laptop"), arguments=flags, code=None)
    return done.of("linux_split_tunnel")[0]


def _wg(*words: str, stdin: str = "") -> str:
    return subprocess.run(["wg", *words], input=stdin, check=True, capture_output=True, text=True).stdout.strip()


def _tunnel(
    lab: Lab, host: str, keys: dict[str, str], peer: str, allowed: str, addresses: list[str], endpoint: str
) -> None:
    lab.run(host, ["wireguard-go", "wg0"])
    text = f"[Interface]\nPrivateKey = {keys[host]}\nListenPort = 51820\n"
    text += f"[Peer]\nPublicKey = {_wg('pubkey', stdin=keys[peer])}\nAllowedIPs = {allowed}\n"
    text += f"Endpoint = {endpoint}\n" if endpoint else ""
    deadline = time.monotonic() + 5
    while lab.run(host, ["wg", "show", "wg0"], check=False).returncode and time.monotonic() < deadline:
        time.sleep(0.05)
    lab.run(host, ["wg", "setconf", "wg0", "/dev/stdin"], input=text)
    for address in addresses:
        lab.run(host, ["ip", "address", "add", address, "dev", "wg0", *(["nodad"] if ":" in address else [])])
    lab.run(host, ["ip", "link", "set", "wg0", "up"])
