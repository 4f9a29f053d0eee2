# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site for tests of gateways: a client, the gateway, and a server on the internet that says whom it sees.

What the client is behind is called ``wg0`` on the gateway, and is a plain link: a filter does not know the difference.
The server has no way back to the client's own addresses unless a test gives it one.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, Topology

GATEWAY, CLIENT, SERVER, LAN = "office1", "client", "server", "office1-pc"
PORT = 7000

SITE: Topology = {
    "hosts": {
        GATEWAY: {"routes": {"0.0.0.0/0": "203.0.113.1", "::/0": "2001:db8::1"}},
        CLIENT: {"routes": {"0.0.0.0/0": "10.9.0.1", "::/0": "fd09::1"}},
        SERVER: {},
        LAN: {"routes": {"10.9.0.0/24": "192.168.5.1", "fd09::/64": "fd05::1"}},
    },
    "links": [
        {
            "a": GATEWAY,
            "a_interface": "wg0",
            "a_addresses": ["10.9.0.1/24", "fd09::1/64"],
            "b": CLIENT,
            "b_interface": "eth0",
            "b_addresses": ["10.9.0.2/24", "fd09::2/64"],
        },
        {
            "a": GATEWAY,
            "a_interface": "wan",
            "a_addresses": ["203.0.113.2/24", "203.0.113.3/24", "2001:db8::2/64", "2001:db8::3/64"],
            "b": SERVER,
            "b_interface": "eth0",
            "b_addresses": ["203.0.113.1/24", "2001:db8::1/64"],
        },
        {
            "a": GATEWAY,
            "a_interface": "lan",
            "a_addresses": ["192.168.5.1/24", "fd05::1/64"],
            "b": LAN,
            "b_interface": "eth0",
            "b_addresses": ["192.168.5.9/24", "fd05::9/64"],
        },
    ],
}
MASQUERADE: dict[str, Any] = {
    "forwarding": ["ipv4", "ipv6"],
    "outbound": [{"source": "10.9.0.0/24", "interface": "wg0"}, {"source": "fd09::/64", "interface": "wg0"}],
}

_SERVER = """
import socket, sys
with socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    print("ready", flush=True)
    while True:
        connection, peer = server.accept()
        with connection:
            connection.sendall(peer[0].encode())
"""
_CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1) as connection:
    print(connection.recv(100).decode().replace("::ffff:", ""))
"""


@dataclass(frozen=True)
class Site:
    """A site that is up."""

    lab: Lab
    playbooks: Playbooks

    def gateway(self, name: str = "wg0", flags: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
        """Run the module in the gateway and give its result."""
        task = {"name": "Be a gateway", "wgfleet.wireguard.linux_gateway": {"name": name, **options}}
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        done: PlaybookRun = self.playbooks.run(play, self.lab.inventory(GATEWAY), arguments=flags, code=None)
        return done.of("linux_gateway")[0]

    def run(self, *argv: str, input: str | None = None, check: bool = True, host: str = GATEWAY) -> str:
        """Run a command in a host, the gateway, and give what it prints."""
        return self.lab.run(host, list(argv), input=input, check=check).stdout

    def seen(self, address: str, port: int = PORT, host: str = CLIENT) -> str:
        """Give the address under which the server at an address sees a host, "" where they do not meet."""
        command = [sys.executable, "-c", _CLIENT, address, str(port)]
        return self.lab.run(host, command, check=False).stdout.strip()

    def answers(self, address: str, host: str = CLIENT) -> bool:
        """Tell whether an address answers pings."""
        return self.lab.ping(host, address, count=1).received == 1

    def left(self) -> str:
        """Give the files that the module has left on the gateway."""
        places = "/etc/sysctl.d/60-wgfleet-* /var/lib/wgfleet/* /etc/wgfleet /etc/systemd/system/*wgfleet*"
        places += " /etc/systemd/system/nftables.service.wants /etc/systemd/system/*.wants/*wgfleet*"
        places += " /etc/firewalld/policies/wgf* /etc/firewalld/zones/wgf*"
        return self.run("sh", "-c", f"ls -d {places} 2>/dev/null", check=False)


@contextlib.contextmanager
def serving(lab: Lab, host: str = SERVER, port: int = PORT) -> Iterator[None]:
    """Let a host say whom it sees while the block runs."""
    process = lab.start(host, [sys.executable, "-c", _SERVER, str(port)], stdout=subprocess.PIPE)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
