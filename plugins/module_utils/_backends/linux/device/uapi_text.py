# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text protocol of userspace WireGuard (https://www.wireguard.com/xplatform/): steps to text, text to Interface.

Rules of this file: no I/O. Keys are hexadecimal. The text holds secrets, so no error repeats any of it. What a reply
has and we do not know is ignored, as the protocol demands of a client.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import (
    DeviceStep,
    PeerStep,
    device_step,
    numeric_endpoint,
    peer_steps,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.refusals import refusal
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import RemovePeer, SetDevice
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_endpoint,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    KEY_BYTES,
    PresharedKey,
    PrivateKey,
    PublicKey,
)

GET = "get=1\n\n"
END = "\n\n"
_NO_KEY = bytes(KEY_BYTES)


class _Record(NamedTuple):
    """The lines of the device, or of one peer: a key that may be repeated is a list."""

    fields: dict[str, str]
    allowed_ips: list[str]


def encode_set(steps: Sequence[DeviceStep], replace_peers: bool = False) -> str:
    """Encode one `set` operation. Gives "" where there is nothing to set. Raises InvalidValue for a host name."""
    lines = _device_lines(device_step(steps))
    if replace_peers:
        lines.append("replace_peers=true")
    for step in peer_steps(steps):
        lines += _peer_lines(step)
    return "\n".join(["set=1", *lines]) + END if lines else ""


def decode_errno(text: str) -> int:
    """Give the positive errno with which a reply ends, 0 for success. Raises BrokenReply where it does not end so."""
    line = text.rstrip("\n").rpartition("\n")[2]
    key, _equals, value = line.partition("=")
    number = value[1:] if value.startswith("-") else value
    if key != "errno" or not text.endswith(END) or not (number.isdigit() and number.isascii()):
        raise BrokenReply("the reply of the userspace WireGuard ends early")
    return int(number)


def decode_get(text: str, name: str = "") -> Interface:
    """Decode the reply to GET. Raises BrokenReply, or what its errno means.

    The protocol does not tell the interface's name, and the public key is not in it: it is computed.
    """
    number = decode_errno(text)
    if number:
        raise refusal(number, name)
    device, peers = _records(text)
    try:
        secret = _key(device.fields.get("private_key", ""))
        private_key = PrivateKey(secret) if secret else None
        return Interface(
            name=name,
            private_key=private_key,
            public_key=public_key_of(private_key) if private_key else None,
            listen_port=int(device.fields.get("listen_port", 0)),
            fwmark=int(device.fields.get("fwmark", 0)),
            peers={peer.public_key: peer for peer in map(_peer, peers)},
            implementation="userspace",
        )
    except (ValueError, InvalidValue):
        raise BrokenReply(f"{name}: the userspace WireGuard gives a field that cannot be read") from None


def _device_lines(step: SetDevice) -> list[str]:
    lines = []
    if not isinstance(step.private_key, Unset):
        lines.append("private_key=" + step.private_key.raw.hex())
    if not isinstance(step.listen_port, Unset):
        lines.append(f"listen_port={step.listen_port}")
    if not isinstance(step.fwmark, Unset):
        lines.append(f"fwmark={step.fwmark}")
    return lines


def _peer_lines(step: PeerStep) -> list[str]:
    lines = ["public_key=" + step.public_key.raw.hex()]
    if isinstance(step, RemovePeer):
        return [*lines, "remove=true"]
    if not step.create:
        lines.append("update_only=true")
    if not isinstance(step.preshared_key, Unset):
        lines.append("preshared_key=" + (step.preshared_key.raw if step.preshared_key else _NO_KEY).hex())
    if isinstance(step.endpoint, Endpoint):
        numeric_endpoint(step.endpoint)
        lines.append(f"endpoint={step.endpoint}")
    if not isinstance(step.persistent_keepalive, Unset):
        lines.append(f"persistent_keepalive_interval={step.persistent_keepalive}")
    if step.replace_allowed_ips:
        lines.append("replace_allowed_ips=true")
    lines += [f"allowed_ip={prefix}" for prefix in sorted(step.add_allowed_ips)]
    return lines


def _records(text: str) -> tuple[_Record, list[_Record]]:
    device = record = _Record({}, [])
    peers: list[_Record] = []
    for line in text.split("\n"):
        key, _equals, value = line.partition("=")
        if key == "public_key":
            record = _Record({}, [])
            peers.append(record)
        if key == "allowed_ip":
            record.allowed_ips.append(value)
        else:
            record.fields[key] = value
    return device, peers


def _peer(record: _Record) -> Peer:
    fields = record.fields
    public_key, preshared_key = bytes.fromhex(fields["public_key"]), _key(fields.get("preshared_key", ""))
    if len(public_key) != KEY_BYTES:
        raise ValueError
    endpoint: Endpoint | None = parse_endpoint(fields["endpoint"]) if "endpoint" in fields else None
    seconds = int(fields.get("last_handshake_time_sec", 0))
    return Peer(
        public_key=PublicKey(public_key),
        preshared_key=PresharedKey(preshared_key) if preshared_key else None,
        endpoint=endpoint,
        allowed_ips=frozenset(map(parse_prefix, record.allowed_ips)),
        persistent_keepalive=int(fields.get("persistent_keepalive_interval", 0)),
        current_endpoint=endpoint,
        last_handshake=seconds + int(fields.get("last_handshake_time_nsec", 0)) / 1e9,
        rx_bytes=int(fields.get("rx_bytes", 0)),
        tx_bytes=int(fields.get("tx_bytes", 0)),
    )


def _key(text: str) -> bytes:
    """Give the bytes of a key, or none for a missing or zero one. Raises ValueError."""
    raw = bytes.fromhex(text)
    if raw and len(raw) != KEY_BYTES:
        raise ValueError
    return b"" if raw == _NO_KEY else raw
