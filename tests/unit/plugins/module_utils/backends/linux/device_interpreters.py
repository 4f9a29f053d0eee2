# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tiny WireGuard devices that judge the codecs: one speaks netlink attributes, the other the text protocol.

They share nothing with the code they judge: the numbers are those of include/uapi/linux/wireguard.h, the text is that
of https://www.wireguard.com/xplatform/, and both were written from these pages.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

ZERO = bytes(32)


@dataclass
class HeldPeer:
    preshared_key: bytes = ZERO
    endpoint: tuple[str, int] | None = None
    keepalive: int = 0
    allowed_ips: set[str] = field(default_factory=set)


@dataclass
class Held:
    """What a device holds, whatever it speaks."""

    private_key: bytes = ZERO
    public_key: bytes = ZERO
    port: int = 0
    mark: int = 0
    peers: dict[bytes, HeldPeer] = field(default_factory=dict)

    def change(
        self, key: bytes, fields: dict[str, object], allowed_ips: Iterable[str], update_only: bool, replace: bool
    ) -> None:
        if key not in self.peers and update_only:
            return
        peer = self.peers.setdefault(key, HeldPeer())
        for name, value in fields.items():
            setattr(peer, name, value)
        if replace:
            peer.allowed_ips.clear()
        for prefix in allowed_ips:
            for other in self.peers.values():
                other.allowed_ips.discard(prefix)
            peer.allowed_ips.add(prefix)


def attributes(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        size, kind = struct.unpack("=HH", data[:4])
        assert 4 <= size <= len(data)
        found.append((kind & 0x3FFF, data[4:size]))
        data = data[(size + 3) // 4 * 4 :]
    return found


def attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def number(payload: bytes) -> int:
    assert len(payload) in (1, 2, 4, 8)
    return int(struct.unpack("=" + {1: "B", 2: "H", 4: "I", 8: "Q"}[len(payload)], payload)[0])


class NetlinkJudge:
    """Takes SET_DEVICE payloads, gives GET_DEVICE payloads; `per_record` allowed IPs go into one record of a dump."""

    def __init__(self, held: Held, per_record: int = 2) -> None:
        self.held = held
        self.per_record = per_record

    def set(self, payload: bytes) -> None:
        device = dict(attributes(payload))
        assert device[2] == b"wg0\0"
        if number(device.get(5, bytes(4))) == 1:
            self.held.peers.clear()
        self.held.private_key = device.get(3, self.held.private_key)
        self.held.port = number(device[6]) if 6 in device else self.held.port
        self.held.mark = number(device[7]) if 7 in device else self.held.mark
        for _index, record in attributes(device.get(8, b"")):
            self._set_peer(dict(attributes(record)))

    def _set_peer(self, record: dict[int, bytes]) -> None:
        key, flags = record[1], number(record.get(3, bytes(4)))
        if flags & 1:
            self.held.peers.pop(key, None)
            return
        fields: dict[str, object] = {}
        if 2 in record:
            fields["preshared_key"] = record[2]
        if 4 in record:
            fields["endpoint"] = self._socket_address(record[4])
        if 5 in record:
            fields["keepalive"] = number(record[5])
        prefixes = [self._prefix(dict(attributes(entry))) for _index, entry in attributes(record.get(9, b""))]
        self.held.change(key, fields, prefixes, bool(flags & 4), bool(flags & 2))

    @staticmethod
    def _socket_address(raw: bytes) -> tuple[str, int]:
        family, port = number(raw[:2]), int.from_bytes(raw[2:4], "big")
        assert (family, len(raw)) in ((2, 16), (10, 28))
        return str(ipaddress.ip_address(raw[4:8] if family == 2 else raw[8:24])), port

    @staticmethod
    def _prefix(entry: dict[int, bytes]) -> str:
        assert (number(entry[1]), len(entry[2])) in ((2, 4), (10, 16))
        return f"{ipaddress.ip_address(entry[2])}/{number(entry[3])}"

    def dump(self) -> list[bytes]:
        held = self.held
        head = attribute(1, struct.pack("=I", 5)) + attribute(2, b"wg0\0")
        first = head + attribute(6, struct.pack("=H", held.port)) + attribute(7, struct.pack("=I", held.mark))
        if held.private_key != ZERO:
            first += attribute(3, held.private_key) + attribute(4, held.public_key)
        records = [record for key, peer in held.peers.items() for record in self._records(key, peer)]
        return [first, *(head + attribute(8, attribute(0, record)) for record in records)]

    def _records(self, key: bytes, peer: HeldPeer) -> list[bytes]:
        whole = attribute(1, key) + attribute(2, peer.preshared_key) + attribute(5, struct.pack("=H", peer.keepalive))
        if peer.endpoint:
            address = ipaddress.ip_address(peer.endpoint[0])
            family, before, behind = (2, b"", bytes(8)) if address.version == 4 else (10, bytes(4), bytes(4))
            port = peer.endpoint[1].to_bytes(2, "big")
            whole += attribute(4, struct.pack("=H", family) + port + before + address.packed + behind)
        entries = [self._entry(prefix) for prefix in peer.allowed_ips]
        parts = [entries[start : start + self.per_record] for start in range(0, len(entries), self.per_record)] or [[]]
        heads = [whole] + [attribute(1, key)] * (len(parts) - 1)
        return [head + attribute(9, b"".join(part)) for head, part in zip(heads, parts)]

    @staticmethod
    def _entry(prefix: str) -> bytes:
        network = ipaddress.ip_network(prefix)
        family = struct.pack("=H", 2 if network.version == 4 else 10)
        length = bytes([network.prefixlen])
        return attribute(0, attribute(3, length) + attribute(1, family) + attribute(2, network.network_address.packed))


class TextJudge:
    """Takes the text of a set operation, gives that of the reply to a get operation."""

    def __init__(self, held: Held) -> None:
        self.held = held

    def set(self, text: str) -> None:
        assert text.startswith("set=1\n") and text.endswith("\n\n")
        device, *peers = text[len("set=1\n") : -1].split("public_key=")
        for line in device.splitlines():
            key, value = line.split("=")
            if key == "replace_peers":
                self.held.peers.clear()
            elif key == "private_key":
                self.held.private_key = bytes.fromhex(value)
            else:
                setattr(self.held, {"listen_port": "port", "fwmark": "mark"}[key], int(value))
        for peer in peers:
            self._set_peer(peer.splitlines())

    def _set_peer(self, lines: list[str]) -> None:
        key = bytes.fromhex(lines[0])
        pairs = [tuple(line.split("=")) for line in lines[1:]]
        allowed_ips = [value for name, value in pairs if name == "allowed_ip"]
        words = {name: value for name, value in pairs if name != "allowed_ip"}
        if words.pop("remove", "") == "true":
            self.held.peers.pop(key, None)
            return
        update_only, replace = words.pop("update_only", "") == "true", words.pop("replace_allowed_ips", "") == "true"
        fields: dict[str, object] = {}
        for name, value in words.items():
            if name == "preshared_key":
                fields[name] = bytes.fromhex(value)
            elif name == "endpoint":
                host, _colon, port = value.rpartition(":")
                fields[name] = host.strip("[]"), int(port)
            else:
                assert name == "persistent_keepalive_interval"
                fields["keepalive"] = int(value)
        self.held.change(key, fields, allowed_ips, update_only, replace)

    def get(self) -> str:
        held = self.held
        lines = [] if held.private_key == ZERO else [f"private_key={held.private_key.hex()}"]
        lines += [f"listen_port={held.port}"]
        lines += [f"fwmark={held.mark}"] if held.mark else []
        for key, peer in held.peers.items():
            lines += [f"public_key={key.hex()}", f"preshared_key={peer.preshared_key.hex()}", "protocol_version=1"]
            if peer.endpoint:
                host, port = peer.endpoint
                lines.append(f"endpoint=[{host}]:{port}" if ":" in host else f"endpoint={host}:{port}")
            lines += ["last_handshake_time_sec=0", "last_handshake_time_nsec=0", "tx_bytes=0", "rx_bytes=0"]
            lines.append(f"persistent_keepalive_interval={peer.keepalive}")
            lines += [f"allowed_ip={prefix}" for prefix in peer.allowed_ips]
        return "\n".join([*lines, "errno=0", "", ""])
