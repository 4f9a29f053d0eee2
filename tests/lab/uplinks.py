# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client and a gateway on an internet, and who watches them: a server, a manager by TCP, and a capture on the WAN.

Nothing of the collection is used for the gateway: it is made by wireguard-go, wg, ip and nft.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, Topology
from ansible_collections.wgfleet.wireguard.tests.lab.networks import key_pair, until

WAN = {4: "198.51.1.2", 6: "2001:db8:1::2"}  # of the client
GATEWAY = {4: "198.51.2.1", 6: "2001:db8:2::1"}
MOVED = {4: "198.51.2.7", 6: "2001:db8:2::7"}  # a second address of the gateway
SERVER = {4: "203.0.113.10", 6: "2001:db8:3::10"}
NEIGHBOUR = {4: "198.51.1.254", 6: "2001:db8:1::fe"}  # on the client's link
PORT, DEFAULT = 51820, {4: "0.0.0.0/0", 6: "::/0"}
# What DHCP makes of it; the test of its restoration is about each word.
OLD_DEFAULT = "default via 198.51.1.254 dev wan proto dhcp src 198.51.1.2 metric 100 mtu 1400"

TOPOLOGY: Topology = {
    "hosts": {
        "client": {"routes": {"::/0": NEIGHBOUR[6]}},
        "internet": {"forwarding": True},
        "gateway": {"forwarding": True, "routes": {"0.0.0.0/0": "198.51.2.254", "::/0": "2001:db8:2::fe"}},
        "server": {"routes": {"0.0.0.0/0": "203.0.113.254", "::/0": "2001:db8:3::fe"}},
    },
    "links": [
        {
            "a": host,
            "a_interface": "wan",
            "a_addresses": addresses,
            "b": "internet",
            "b_interface": host,
            "b_addresses": [f"{network}.254/24", f"{network6}::fe/64"],
        }
        for host, addresses, network, network6 in (
            ("client", ["198.51.1.2/24", "2001:db8:1::2/64"], "198.51.1", "2001:db8:1"),
            (
                "gateway",
                ["198.51.2.1/24", "2001:db8:2::1/64", "198.51.2.7/24", "2001:db8:2::7/64"],
                "198.51.2",
                "2001:db8:2",
            ),
            ("server", ["203.0.113.10/24", "2001:db8:3::10/64"], "203.0.113", "2001:db8:3"),
        )
    ],
}
MASQUERADE = """
table inet lab {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr 10.255.0.0/24 oifname "wan" snat to 198.51.2.1
    ip6 saddr fd66::/64 oifname "wan" snat to 2001:db8:2::1
  }
}
"""
# Tells whoever connects what address it comes from.
TELLER = """
import socket
listener = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    channel, address = listener.accept()
    channel.sendall(address[0].replace("::ffff:", "").encode())
    channel.close()
"""
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], 80), timeout=float(sys.argv[2])) as channel:
    print(channel.recv(100).decode())
"""
# A managed host that echoes lines, or talks by itself once it was asked to; and its manager, who asks or listens.
MANAGED = """
import socket, threading, time
def echo(channel):
    stream = channel.makefile("rwb", buffering=0)
    for line in stream:
        stream.write(line)
        while line == b"talk\\n":
            time.sleep(0.02)
            stream.write(b"and on\\n")
listener = socket.create_server(("::", 22), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=echo, args=(listener.accept()[0],)).start()
"""
MANAGER = """
import select, socket, sys, time
with socket.create_connection((sys.argv[1], 22), timeout=10) as channel:
    print("connected", flush=True)
    stream, number, longest = channel.makefile("rwb", buffering=0), 0, 0.0
    if sys.argv[2] == "listen":
        stream.write(b"talk\\n")
    while not select.select([0], [], [], 0.005)[0]:
        number, started = number + 1, time.monotonic()
        if sys.argv[2] == "ask":
            stream.write(b"%d\\n" % number)
        assert stream.readline() in (b"%d\\n" % number, b"talk\\n", b"and on\\n")
        longest = max(longest, time.monotonic() - started)
print(number, longest, flush=True)
"""
# Everything that comes from the client on the WAN, until standard input ends.
CAPTURE = """
import json, select, socket, struct, sys
channel = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
channel.bind(("client", 3)) # before that it hears nothing, where all would be heard on every link
print("capturing", flush=True)
seen = []
while True:
    ready = select.select([channel, 0], [], [])[0]
    if channel not in ready:
        break
    data, (_name, kind, direction, *_rest) = channel.recvfrom(65535)
    if direction == socket.PACKET_OUTGOING or kind not in (0x0800, 0x86DD):
        continue
    six = kind == 0x86DD
    protocol, start = (data[6], 40) if six else (data[9], (data[0] & 15) * 4)
    places = (8, 24, 40) if six else (12, 16, 20)
    ends = [socket.inet_ntop(socket.AF_INET6 if six else socket.AF_INET, data[a:b]) for a, b in zip(places, places[1:])]
    ports = struct.unpack("!HH", data[start : start + 4]) if protocol in (1, 6, 17) else (0, 0)
    seen.append([*ends, protocol, *ports])
print(json.dumps(seen))
"""
ICMPV6, UDP = 58, 17


@dataclass
class Packet:
    """A packet as it was seen on the wire."""

    source: str
    destination: str
    protocol: int
    source_port: int
    port: int

    def is_of_the_tunnel(self) -> bool:
        return self.protocol == UDP and self.port == PORT and self.destination in (*GATEWAY.values(), *MOVED.values())

    def is_of_the_link(self) -> bool:
        """Neighbours, their multicast groups, and DHCP."""
        local = self.source.startswith(("fe80:", "::")) or self.destination.startswith(("fe80:", "ff02:"))
        neighbours = self.protocol == ICMPV6 and (local or self.destination in NEIGHBOUR.values())
        return neighbours or (self.protocol == 0 and local) or (self.protocol, self.port) == (UDP, 67)

    def is_a_pong(self) -> bool:
        return self.protocol == 1 and self.source_port == 0  # an echo reply is of type 0, code 0

    def is_an_answer_to_the_manager(self) -> bool:
        return self.source_port == 22


@dataclass
class Uplinks:
    """The lab, and the declared interface of the client."""

    lab: Lab
    playbooks: Playbooks
    endpoint: int  # version of the Internet Protocol by which the tunnel goes
    gateway_key: str
    private_key: str
    versions: tuple[int, ...] = (4, 6)
    moved: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def declared(self, **options: Any) -> dict[str, Any]:
        """The options of the client's interface."""
        return {
            "name": "wg0",
            "private_key": self.private_key,
            "addresses": ["10.255.0.2/24", "fd66::2/64"],
            "purge_peers": True,
            "peers": [
                {
                    "public_key": self.gateway_key,
                    "endpoint_host": (MOVED if self.moved else GATEWAY)[self.endpoint],
                    "endpoint_port": PORT,
                    "allowed_ips": [DEFAULT[version] for version in self.versions],
                }
            ],
            **self.options,
            **options,
        }

    def run(self, *flags: str, twice: bool = False, code: int | None = 0, **options: Any) -> list[dict[str, Any]]:
        """Run the module on the client, with these options beside its usual ones, and give what it says."""
        return self.call(*[self.declared(**options)] * (2 if twice else 1), flags=flags, code=code)

    def call(self, *calls: dict[str, Any], flags: tuple[str, ...] = (), code: int | None = 0) -> list[dict[str, Any]]:
        """Run the module on the client with just these options, once for each, and give what it says."""
        tasks = [{"wgfleet.wireguard.linux_interface": options} for options in calls]
        play = [{"hosts": "client", "gather_facts": False, "tasks": tasks}]
        done: PlaybookRun = self.playbooks.run(play, self.lab.inventory("client"), arguments=flags, code=code)
        return done.of("linux_interface")

    def seen_as(self, version: int, patience: float = 8.0) -> str:
        """The address from which the client comes when it asks the server; empty where it does not get there."""
        argv = [sys.executable, "-c", ASK, SERVER[version], str(patience)]
        return self.lab.run("client", argv, check=False).stdout.strip()

    @contextlib.contextmanager
    def managing(self, version: int, how: str = "ask") -> Iterator[dict[str, float]]:
        """Hold a connection from the server to the client's WAN address while the block runs.

        `how` is ask (a question, an answer) or listen (the client talks by itself).
        """
        process = self.lab.start(
            "server",
            [sys.executable, "-c", MANAGER, WAN[version], how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        counts: dict[str, float] = {}
        try:
            line = process.stdout.readline()
            assert line == "connected\n", process.communicate()[1]
            yield counts
        finally:
            output, errors = process.communicate("stop\n", timeout=20)
            assert process.returncode == 0, errors
            counts["lines"], counts["longest"] = map(float, output.split())

    @contextlib.contextmanager
    def capturing(self) -> Iterator[list[Packet]]:
        """Collect what leaves the client by its uplink while the block runs."""
        process = self.lab.start(
            "internet", [sys.executable, "-c", CAPTURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "capturing\n"
        packets: list[Packet] = []
        try:
            yield packets
        finally:
            packets += (Packet(*row) for row in json.loads(process.communicate("stop\n", timeout=20)[0]))


def build(make: Callable[..., Lab], directory: Path, endpoint: int = 4) -> Uplinks:
    """Build the lab; nothing is on the client yet."""
    lab = make(TOPOLOGY)
    (private, public), (client_private, client_public) = key_pair(), key_pair()
    lab.run("gateway", ["nft", "-f", "-"], input=MASQUERADE)
    lab.run("gateway", ["sh", "-c", "wireguard-go wg0 && until wg show wg0; do sleep 0.05; done"])
    lab.run("gateway", ["wg", "set", "wg0", "private-key", "/dev/stdin", "listen-port", str(PORT)], input=private)
    peer = ["wg", "set", "wg0", "peer", client_public, "allowed-ips", "10.255.0.2/32,fd66::2/128"]
    lab.run("gateway", peer)
    for address in ("10.255.0.1/24", "fd66::1/64"):
        lab.run("gateway", ["ip", "address", "add", address, "dev", "wg0"])
    lab.run("gateway", ["ip", "link", "set", "wg0", "up"])
    lab.run("client", ["ip", "route", "add", *OLD_DEFAULT.split()])
    for host, program in (("server", TELLER), ("client", MANAGED)):  # they end with the lab
        lab.run(host, ["sh", "-c", '"$0" -c "$1" >/dev/null 2>&1 </dev/null &', sys.executable, program])
    made = Uplinks(lab, Playbooks(directory), endpoint, public, client_private)
    until(lambda: made.seen_as(6) == WAN[6])
    return made
