# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router with the default firewall is the gateway of a tunnel: one call for the interface and all that it opens.

The server is a simulated router on whose WAN is an internet, in which a web server stands for all others. The client is
a Linux host whose tunnel has a greater MTU than the router's, so that only the router can know what fits.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import private_key
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import SILENT, asked
from ansible_collections.wgfleet.wireguard.tests.lab.networks import star
from ansible_collections.wgfleet.wireguard.tests.lab.routers import PASSWORD, office, rows, switched_on
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

WEB, ROUTER = "203.0.113.80", "198.51.1.1"
INSIDE, LAN = "10.9.0.1", "192.168.88.1"
POOL = {"source": "10.9.0.0/24", "interface": "wg0"}
KEYS = {"server": private_key(), "client": private_key()}
GATEWAY = {
    "forwarding": ["ipv4"],
    "listen_ports": [13231],
    "outbound": [POOL],
    "clamp_mss": ["wg0"],
    "serve_dns": [POOL],
}
PYTHON = {"ansible_python_interpreter": sys.executable}
# MTU 1420 less 20 bytes of IPv4 and 20 of TCP (RFC 9293, section 3.7.1).
FITS, TOO_LARGE = 1380, 1460

# Tells who has come, and the MSS of the SYN as it has arrived: TCP_SAVE_SYN and TCP_SAVED_SYN of linux/tcp.h.
SERVE = """
import json, socket, sys
listener = socket.create_server((sys.argv[1], 80))
listener.setsockopt(socket.IPPROTO_TCP, 27, 1)
print("ready", flush=True)
connection, (address, _port) = listener.accept()
syn = connection.getsockopt(socket.IPPROTO_TCP, 28, 200)
options = syn[(syn[0] & 15) * 4 + 20:]
print(json.dumps({"address": address, "kind": options[0], "mss": int.from_bytes(options[2:4], "big")}), flush=True)
connection.close()
"""
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], 80), timeout=3) as connection:
    print(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
"""


@dataclass
class Gateway:
    """The lab, the router, and what came of running modules."""

    lab: Lab
    router: Simulator
    playbooks: Playbooks

    def call(self, **options: Any) -> dict[str, Any]:
        """Run the interface module on the router."""
        way = {"hostname": "127.0.0.1", "port": self.router.port, "tls": False}
        login = {"username": "admin", "password": PASSWORD}
        module = {"name": "wg0", **options, **way, **login}
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"wgfleet.wireguard.routeros_interface": module}]}
        inventory = {"all": {"hosts": {"server": {"ansible_connection": "local", **PYTHON}}}}
        return self.playbooks.run([play], inventory).of("routeros_interface")[0]

    def serve(self, **gateway: Any) -> dict[str, Any]:
        """Bring up the server's end, with this gateway."""
        peer = {"public_key": str(public_key_of(KEYS["client"])), "allowed_ips": ["10.9.0.2/32"]}
        return self.call(
            private_key=KEYS["server"].reveal(),
            listen_port=13231,
            mtu=1420,
            addresses=[f"{INSIDE}/24"],
            peers=[peer],
            gateway=gateway,
        )

    def dial(self) -> None:
        """Bring up the client's end."""
        peer = {
            "public_key": str(public_key_of(KEYS["server"])),
            "endpoint_host": ROUTER,
            "endpoint_port": 13231,
            "allowed_ips": ["0.0.0.0/0"],
        }
        module = {
            "name": "wg0",
            "private_key": KEYS["client"].reveal(),
            "mtu": 1500,
            "addresses": ["10.9.0.2/24"],
            "routes": [f"{WEB}/32"],
            "peers": [peer],
        }
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"wgfleet.wireguard.linux_interface": module}]}
        self.playbooks.run([play], self.lab.inventory("client"))

    def reaches(self, address: str = WEB) -> bool:
        """Whether the client gets an answer; a handshake that went nowhere is tried again after five seconds."""
        return self.lab.ping("client", address, count=8, interval=1).received > 0

    def told(self, host: str = "client", server: str = INSIDE) -> str:
        """What a host is told by the router's name server of the router's own name."""
        return asked(self.lab, host, "router.lan", server)

    def visit(self) -> tuple[dict[str, Any], str]:
        """Let the client visit the web server, and give what each has seen."""
        server = self.lab.start("internet", [sys.executable, "-c", SERVE, WEB], stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            seen = self.lab.run("client", [sys.executable, "-c", ASK, WEB]).stdout.strip()
            return json.loads(server.stdout.readline()), seen
        finally:
            server.kill()
            server.communicate()


@pytest.fixture
def gateway(lab: Callable[..., Lab], playbooks: Playbooks) -> Iterator[Gateway]:
    built = lab(star("server", "client"))
    built.run("internet", ["ip", "address", "add", f"{WEB}/32", "dev", "lo"])
    with contextlib.ExitStack() as running:
        seed = {**office(f"{ROUTER}/24", "198.51.1.254"), "/ip/dns": {"allow-remote-requests": "no"}}
        router = running.enter_context(switched_on(built, "server", "--defconf", seed=seed, ether1="wan"))
        yield Gateway(built, router, playbooks)


def test_a_tunnel_reaches_the_internet_by_the_routers_address_and_nothing_is_left_of_it(gateway: Gateway) -> None:
    before = rows(gateway.router)
    closed = gateway.serve()
    assert closed["changed"] is True
    gateway.dial()
    assert not gateway.reaches(), "the default firewall lets in what nobody has opened"

    opened = gateway.serve(**GATEWAY)
    assert {"add_opening", "add_translation", "add_clamp", "add_note"} <= {step["do"] for step in opened["steps"]}
    time.sleep(1)
    assert gateway.reaches()
    seen, answered = gateway.visit()
    assert seen == {"address": ROUTER, "kind": 2, "mss": FITS}
    assert int(answered) <= FITS
    assert (gateway.told(), gateway.told("internet", ROUTER)) == (LAN, SILENT)
    again = gateway.serve(**GATEWAY)
    assert (again["changed"], again["writes"]) == (False, 0)

    gateway.serve(**{**GATEWAY, "clamp_mss": [], "serve_dns": []})
    assert gateway.visit()[0]["mss"] == TOO_LARGE
    assert (gateway.told(), gateway.told("server", "127.0.0.1")) == (SILENT, LAN)

    gateway.serve(**GATEWAY)
    gone = gateway.call(state="absent")
    assert gone["changed"] is True
    assert rows(gateway.router) == before
