# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the kernel's `wireguard` generic netlink family: steps to bytes, bytes to Interface.

Rules of this file: no I/O. A payload is what follows the generic netlink header. Bytes stay bytes: only an endpoint's
host becomes text. Attribute numbers and meanings: include/uapi/linux/wireguard.h of the kernel.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Callable, Iterable, Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import (
    DeviceStep,
    PeerStep,
    device_step,
    numeric_endpoint,
    peer_steps,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_framing import (
    HEADERS,
    decode_attributes,
    encode_attribute,
    encode_nested,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import RemovePeer, SetDevice
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    KEY_BYTES,
    PresharedKey,
    PrivateKey,
    PublicKey,
)

FAMILY_NAME = "wireguard"
FAMILY_VERSION = 1
CMD_GET_DEVICE, CMD_SET_DEVICE = 0, 1
MAX_MESSAGE = 32 * 1024  # bytes with headers; larger ones bring no speed

_DEVICE_IFINDEX, _DEVICE_IFNAME, _DEVICE_PRIVATE_KEY, _DEVICE_PUBLIC_KEY = 1, 2, 3, 4
_DEVICE_FLAGS, _DEVICE_LISTEN_PORT, _DEVICE_FWMARK, _DEVICE_PEERS = 5, 6, 7, 8
_PEER_PUBLIC_KEY, _PEER_PRESHARED_KEY, _PEER_FLAGS, _PEER_ENDPOINT, _PEER_KEEPALIVE = 1, 2, 3, 4, 5
_PEER_LAST_HANDSHAKE, _PEER_RX_BYTES, _PEER_TX_BYTES, _PEER_ALLOWED_IPS = 6, 7, 8, 9
_ALLOWED_IP_FAMILY, _ALLOWED_IP_ADDRESS, _ALLOWED_IP_LENGTH = 1, 2, 3

_REPLACE_PEERS = 1
_REMOVE_ME, _REPLACE_ALLOWED_IPS, _UPDATE_ONLY = 1, 2, 4

_NO_KEY = bytes(KEY_BYTES)
_U16 = struct.Struct("=H")
_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")
_TIMESPEC = struct.Struct("=qq")
_AF_INET, _AF_INET6 = 2, 10
# struct sockaddr_in: family, port, address, padding; sockaddr_in6: family, port, flow, address, scope
_FAMILY_SIZES = {_AF_INET: 16, _AF_INET6: 28}
# A whole WGALLOWEDIP entry: nest, address family, prefix length, head of the address; the address follows.
_ALLOWED_IP = struct.Struct("=HH HHHxx HHBxxx HH")
_ALLOWED_IPS_PER_RECORD = 600  # of at most 40 bytes: a record fits into a message

ZoneIndex = Callable[[str], int]
ZoneName = Callable[[int], str]


def encode_set(
    interface: str | int,
    steps: Sequence[DeviceStep],
    replace_peers: bool = False,
    zone_index: ZoneIndex = int,
) -> list[bytes]:
    """Encode the payloads of as many SET_DEVICE messages as the steps need, none where there is nothing to set.

    The interface is a name or an index. `replace_peers` removes all peers first. `zone_index` turns the zone of an
    IPv6 endpoint into the index of its interface. Raises InvalidValue for an endpoint that is a host name.
    """
    target = _encode_target(interface)
    head = (encode_attribute(_DEVICE_FLAGS, _U32.pack(_REPLACE_PEERS)) if replace_peers else b"") + _encode_device(
        device_step(steps)
    )
    payloads = []
    records: list[bytes] = []
    room = spare = MAX_MESSAGE - HEADERS - len(target) - 4
    room -= len(head)
    for step in peer_steps(steps):
        for record in _encode_peer(step, zone_index):
            if len(record) > room:
                payloads.append(target + head + _encode_peers(records))
                head, records, room = b"", [], spare
            records.append(record)
            room -= len(record)
    if head or records:
        payloads.append(target + head + _encode_peers(records))
    return payloads


def encode_get(interface: str | int) -> bytes:
    """Encode the payload of a GET_DEVICE dump request."""
    return _encode_target(interface)


def decode_device(payloads: Iterable[bytes], zone_name: ZoneName = str) -> Interface:
    """Decode the payloads of a GET_DEVICE dump. Raises BrokenReply.

    A peer that did not fit into a message is continued in the next one with more allowed IPs. `zone_name` turns the
    scope of an IPv6 endpoint into the name of its interface. The endpoint is the one in use.
    """
    device: dict[int, bytes] = {}
    peers: dict[PublicKey, Peer] = {}
    try:
        for payload in payloads:
            attributes = dict(decode_attributes(payload))
            for _index, record in decode_attributes(attributes.pop(_DEVICE_PEERS, b"")):
                _merge(peers, _decode_peer(record, zone_name))
            device = {**attributes, **device}
        return _decode_interface(device, peers)
    except (struct.error, LookupError, ValueError):
        raise BrokenReply("the kernel's answer about a WireGuard interface cannot be read") from None


def _encode_target(interface: str | int) -> bytes:
    if isinstance(interface, int):
        return encode_attribute(_DEVICE_IFINDEX, _U32.pack(interface))
    return encode_attribute(_DEVICE_IFNAME, interface.encode("utf-8") + b"\0")


def _encode_device(step: SetDevice) -> bytes:
    data = b""
    if not isinstance(step.private_key, Unset):
        data += encode_attribute(_DEVICE_PRIVATE_KEY, step.private_key.raw)
    if not isinstance(step.listen_port, Unset):
        data += encode_attribute(_DEVICE_LISTEN_PORT, _U16.pack(step.listen_port))
    if not isinstance(step.fwmark, Unset):
        data += encode_attribute(_DEVICE_FWMARK, _U32.pack(step.fwmark))
    return data


def _encode_peers(records: Sequence[bytes]) -> bytes:
    return encode_nested(_DEVICE_PEERS, b"".join(records)) if records else b""


def _encode_peer(step: PeerStep, zone_index: ZoneIndex) -> Iterator[bytes]:
    """Give one record, or several where the allowed IPs are very many.

    Only the first may create the peer, clear its allowed IPs and carry the rest: a continuation that created a peer
    would bring back one that the kernel has refused.
    """
    key = encode_attribute(_PEER_PUBLIC_KEY, step.public_key.raw)
    if isinstance(step, RemovePeer):
        yield encode_nested(0, key + encode_attribute(_PEER_FLAGS, _U32.pack(_REMOVE_ME)))
        return
    flags = (0 if step.create else _UPDATE_ONLY) | (_REPLACE_ALLOWED_IPS if step.replace_allowed_ips else 0)
    data = key + encode_attribute(_PEER_FLAGS, _U32.pack(flags))
    if not isinstance(step.preshared_key, Unset):
        data += encode_attribute(_PEER_PRESHARED_KEY, step.preshared_key.raw if step.preshared_key else _NO_KEY)
    if isinstance(step.endpoint, Endpoint):
        data += encode_attribute(_PEER_ENDPOINT, _encode_endpoint(step.endpoint, zone_index))
    if not isinstance(step.persistent_keepalive, Unset):
        data += encode_attribute(_PEER_KEEPALIVE, _U16.pack(step.persistent_keepalive))
    prefixes = sorted(step.add_allowed_ips)
    yield encode_nested(0, data + _encode_allowed_ips(prefixes[:_ALLOWED_IPS_PER_RECORD]))
    data = key + encode_attribute(_PEER_FLAGS, _U32.pack(_UPDATE_ONLY))
    for start in range(_ALLOWED_IPS_PER_RECORD, len(prefixes), _ALLOWED_IPS_PER_RECORD):
        yield encode_nested(0, data + _encode_allowed_ips(prefixes[start : start + _ALLOWED_IPS_PER_RECORD]))


def _encode_allowed_ips(prefixes: Sequence[Prefix]) -> bytes:
    return encode_nested(_PEER_ALLOWED_IPS, b"".join(map(_encode_allowed_ip, prefixes))) if prefixes else b""


def _encode_allowed_ip(prefix: Prefix) -> bytes:
    packed, length = prefix
    size = len(packed)
    family = _AF_INET if size == 4 else _AF_INET6
    return _ALLOWED_IP.pack(24 + size, 0x8000, 6, 1, family, 5, 3, length, 4 + size, 2) + packed


def _encode_endpoint(endpoint: Endpoint, zone_index: ZoneIndex) -> bytes:
    packed, zone = numeric_endpoint(endpoint)
    port = endpoint.port.to_bytes(2, "big")
    if len(packed) == 4:
        return _U16.pack(_AF_INET) + port + packed + bytes(8)
    return _U16.pack(_AF_INET6) + port + bytes(4) + packed + _U32.pack(zone_index(zone) if zone else 0)


def _decode_interface(device: dict[int, bytes], peers: dict[PublicKey, Peer]) -> Interface:
    private_key = _decode_key(device.get(_DEVICE_PRIVATE_KEY, b""))
    public_key = _decode_key(device.get(_DEVICE_PUBLIC_KEY, b"")) if private_key else b""
    return Interface(
        name=device[_DEVICE_IFNAME].rstrip(b"\0").decode("utf-8"),
        private_key=PrivateKey(private_key) if private_key else None,
        public_key=PublicKey(public_key) if public_key else None,
        listen_port=_U16.unpack(device.get(_DEVICE_LISTEN_PORT, b"\0\0"))[0],
        fwmark=_U32.unpack(device.get(_DEVICE_FWMARK, bytes(4)))[0],
        peers=peers,
        implementation="kernel",
    )


def _merge(peers: dict[PublicKey, Peer], peer: Peer) -> None:
    begun = peers.get(peer.public_key)
    peers[peer.public_key] = peer if begun is None else begun._replace(allowed_ips=begun.allowed_ips | peer.allowed_ips)


def _decode_peer(record: bytes, zone_name: ZoneName) -> Peer:
    attributes = dict(decode_attributes(record))
    give = attributes.get
    public_key, preshared_key = attributes[_PEER_PUBLIC_KEY], _decode_key(give(_PEER_PRESHARED_KEY, b""))
    if len(public_key) != KEY_BYTES:
        raise ValueError
    endpoint = _decode_endpoint(attributes[_PEER_ENDPOINT], zone_name) if _PEER_ENDPOINT in attributes else None
    seconds, nanoseconds = _TIMESPEC.unpack(give(_PEER_LAST_HANDSHAKE, bytes(16)))
    return Peer(
        PublicKey(public_key),
        PresharedKey(preshared_key) if preshared_key else None,
        endpoint,
        frozenset([_decode_allowed_ip(entry) for _index, entry in decode_attributes(give(_PEER_ALLOWED_IPS, b""))]),
        _U16.unpack(give(_PEER_KEEPALIVE, b"\0\0"))[0],
        "",
        endpoint,
        seconds + nanoseconds / 1e9,
        _U64.unpack(give(_PEER_RX_BYTES, bytes(8)))[0],
        _U64.unpack(give(_PEER_TX_BYTES, bytes(8)))[0],
    )


def _decode_allowed_ip(entry: bytes) -> Prefix:
    attributes = dict(decode_attributes(entry))
    family = _U16.unpack(attributes[_ALLOWED_IP_FAMILY])[0]
    packed, length = attributes[_ALLOWED_IP_ADDRESS], attributes[_ALLOWED_IP_LENGTH][0]
    if len(packed) != (4 if family == _AF_INET else 16) or length > len(packed) * 8:
        raise ValueError
    return Prefix(packed, length)


def _decode_endpoint(address: bytes, zone_name: ZoneName) -> Endpoint:
    family = _U16.unpack_from(address)[0]
    if len(address) < _FAMILY_SIZES[family]:
        raise ValueError
    port = int.from_bytes(address[2:4], "big")
    if family == _AF_INET:
        return Endpoint(".".join(map(str, address[4:8])), port)
    host = str(ipaddress.IPv6Address(address[8:24]))
    scope = _U32.unpack_from(address, 24)[0]
    return Endpoint(f"{host}%{zone_name(scope)}" if scope else host, port)


def _decode_key(raw: bytes) -> bytes:
    """Give the bytes of a key, or none for a missing or zero one. Raises ValueError."""
    if raw and len(raw) != KEY_BYTES:
        raise ValueError
    return b"" if raw == _NO_KEY else raw
