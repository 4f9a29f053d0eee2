# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers of a lab, who asks them, and what is seen of that on the wire.

Each server gives one answer for all names, so that an answer tells whose it is.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab

REFUSED, SILENT = "refused", "silent"

_ASK = """
import socket, sys
name, server = sys.argv[1:]
labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
channel.settimeout(1.5)
channel.connect((server, 53))
channel.send(bytes([7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + labels + bytes([0, 0, 1, 0, 1]))
try:
    answer = channel.recv(512)
    print(socket.inet_ntoa(answer[-4:]) if answer[7] else f"error {answer[3] & 15}")
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("silent")
"""
# Tells of every question that leaves the host: by which link, and the name. What is asked by TCP has none.
_CAPTURE = """
import signal, socket
def told(packet):
    version = packet[0] >> 4
    protocol, start = (packet[9], (packet[0] & 15) * 4) if version == 4 else (packet[6], 40)
    if version not in (4, 6) or protocol not in (6, 17) or packet[start + 2:start + 4] != bytes([0, 53]):
        return ""
    labels, rest = [], packet[start + 20:] if protocol == 17 else b""
    while rest and rest[0]:
        labels.append(rest[1:rest[0] + 1].decode(errors="replace"))
        rest = rest[rest[0] + 1:]
    return ".".join(labels) or "by TCP"
channel = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
signal.signal(signal.SIGTERM, lambda *dummy: channel.setblocking(False))
channel.settimeout(0.1)
print("ready", flush=True)
while True:
    try:
        packet, (link, dummy, kind, *rest) = channel.recvfrom(65535)
    except TimeoutError:
        continue
    except BlockingIOError:
        break
    if kind == socket.PACKET_OUTGOING and link != "lo" and packet and told(packet):
        print(link, told(packet), flush=True)
"""


def name_server(lab: Lab, host: str, address: str, answer: str) -> None:
    """Start a name server, which ends with the lab, at an address of a host."""
    plain = ["--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--user=root"]
    lab.run(host, ["dnsmasq", *plain, f"--listen-address={address}", "--bind-interfaces", f"--address=/#/{answer}"])


def asked(lab: Lab, host: str, name: str, server: str) -> str:
    """The address that a host gets for a name from a server, or what became of its question."""
    return lab.run(host, [sys.executable, "-c", _ASK, name, server]).stdout.strip()


@contextlib.contextmanager
def questions(lab: Lab, host: str) -> Iterator[dict[str, set[str]]]:
    """The names that a host asks for in clear as long as the block runs, by the link by which each question leaves."""
    found: dict[str, set[str]] = {}
    capture = lab.start(host, [sys.executable, "-c", _CAPTURE], stdout=subprocess.PIPE)
    try:
        assert capture.stdout is not None
        assert capture.stdout.readline() == "ready\n"
        yield found
    finally:
        capture.terminate()
        for line in capture.communicate(timeout=10)[0].splitlines():
            link, _space, name = line.partition(" ")
            found.setdefault(link, set()).add(name)
