# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far side of a gateway: a server in the internet that tells everyone the address by which it sees them, and
devices that are configured by nothing but a file for wg-quick.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab

PORT = 7080

_SERVER = f"""
import socket
server = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    connection, address = server.accept()
    connection.sendall(address[0].removeprefix("::ffff:").encode())
    connection.close()
"""
_CLIENT = f"""
import socket, sys
with socket.create_connection((sys.argv[1], {PORT}), timeout=float(sys.argv[2])) as connection:
    print(connection.recv(100).decode())
"""
_QUICK = ["env", "WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go", "wg-quick"]


@contextlib.contextmanager
def telling_addresses(lab: Lab, host: str) -> Iterator[None]:
    """Let a host tell everyone who connects to it the address by which it sees them."""
    server = lab.start(host, [sys.executable, "-c", _SERVER], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield
    finally:
        server.kill()
        server.communicate()


def seen_as(lab: Lab, host: str, address: str, seconds: float = 10) -> str:
    """The address by which the server at an address sees a host; empty where it is not reached in time."""
    done = lab.run(host, [sys.executable, "-c", _CLIENT, address, str(seconds)], check=False)
    return done.stdout.strip()


def quick_up(lab: Lab, host: str, file: Path) -> None:
    """Bring up a tunnel on a device by a file alone."""
    place = f"/etc/wireguard/{file.name}"
    copy = 'umask 077; mkdir -p /etc/wireguard; cat >"$1"'
    lab.run(host, ["sh", "-c", copy, "sh", place], input=file.read_text(encoding="utf-8"))
    lab.run(host, [*_QUICK, "up", place])


def quick_down(lab: Lab, host: str, file: Path) -> None:
    """Take it down again."""
    lab.run(host, [*_QUICK, "down", f"/etc/wireguard/{file.name}"])
