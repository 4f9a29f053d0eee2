# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink and generic netlink messages as bytes: attributes, requests, replies.

Rules of this file: no I/O; numbers are in the machine's own byte order, attributes start at multiples of four bytes;
bytes that make no sense raise BrokenReply. Sources: include/uapi/linux/netlink.h and genetlink.h of the kernel.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply

# struct nlmsghdr (length, type, flags, sequence, port) and struct genlmsghdr (command, version, reserved)
_MESSAGE = struct.Struct("=IHHII")
_GENERIC = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_INT = struct.Struct("=i")
HEADERS = _MESSAGE.size + _GENERIC.size

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_DUMP_INTR = 0x10
_NLM_F_CAPPED, _NLM_F_ACK_TLVS = 0x100, 0x200
_NLMSGERR_ATTR_MSG = 1
_NLA_F_NESTED = 0x8000
_NLA_TYPE_MASK = 0x3FFF


class Message(NamedTuple):
    """One message without its header."""

    kind: int
    flags: int
    sequence: int
    body: bytes


class Verdict(NamedTuple):
    """How a request ended: a positive errno (0 for success) and the kernel's own words, if it has any."""

    number: int
    words: str


def encode_attribute(kind: int, payload: bytes) -> bytes:
    """Encode one attribute with its padding."""
    return _ATTRIBUTE.pack(4 + len(payload), kind) + payload + bytes(-len(payload) & 3)


def encode_nested(kind: int, payload: bytes) -> bytes:
    """Encode an attribute that holds attributes; at most 65,531 bytes of them."""
    return _ATTRIBUTE.pack(4 + len(payload), kind | _NLA_F_NESTED) + payload


def decode_attributes(data: bytes) -> list[tuple[int, bytes]]:
    """Decode a run of attributes into their types and payloads. Raises BrokenReply."""
    found = []
    offset, end = 0, len(data)
    unpack = _ATTRIBUTE.unpack_from
    while offset + 4 <= end:
        size, kind = unpack(data, offset)
        if size < 4 or offset + size > end:
            raise BrokenReply("the kernel's answer holds an attribute of impossible length")
        found.append((kind & _NLA_TYPE_MASK, data[offset + 4 : offset + size]))
        offset += size + 3 & ~3
    if offset < end:
        raise BrokenReply("the kernel's answer ends within an attribute")
    return found


def encode_request(family: int, flags: int, sequence: int, command: int, version: int, payload: bytes) -> bytes:
    """Encode a generic netlink request whole."""
    header = _MESSAGE.pack(HEADERS + len(payload), family, flags | NLM_F_REQUEST, sequence, 0)
    return header + _GENERIC.pack(command, version, 0) + payload


def decode_messages(data: bytes) -> list[Message]:
    """Split what one recv() gave. Raises BrokenReply."""
    found = []
    offset, end = 0, len(data)
    while offset < end:
        if offset + _MESSAGE.size > end:
            raise BrokenReply("the kernel's answer ends within a message header")
        size, kind, flags, sequence, _port = _MESSAGE.unpack_from(data, offset)
        if size < _MESSAGE.size or offset + size > end:
            raise BrokenReply("the kernel's answer holds a message of impossible length")
        found.append(Message(kind, flags, sequence, data[offset + _MESSAGE.size : offset + size]))
        offset += size + 3 & ~3
    return found


def decode_payload(message: Message) -> bytes:
    """Give the attributes of a generic netlink message. Raises BrokenReply."""
    if len(message.body) < _GENERIC.size:
        raise BrokenReply("the kernel's answer is too short for generic netlink")
    return message.body[_GENERIC.size :]


def decode_verdict(message: Message) -> Verdict:
    """Decode an NLMSG_ERROR or NLMSG_DONE message. Raises BrokenReply.

    The first is a struct nlmsgerr: the error and the request's header, with the request itself behind it unless the
    socket asked for a capped one; the second is the error alone. The attributes of NETLINK_EXT_ACK follow.
    """
    if len(message.body) < _INT.size:
        raise BrokenReply("the kernel's answer has no room for its errno")
    number = -_INT.unpack_from(message.body)[0]
    if not message.flags & _NLM_F_ACK_TLVS:
        return Verdict(number, "")
    start = _INT.size
    if message.kind == NLMSG_ERROR:
        start += _MESSAGE.size + _echoed(message, number)
    attributes = dict(decode_attributes(message.body[start:]))
    words = attributes.get(_NLMSGERR_ATTR_MSG, b"").rstrip(b"\0")
    return Verdict(number, words.decode("utf-8", "replace"))


def _echoed(message: Message, number: int) -> int:
    if message.flags & _NLM_F_CAPPED or not number:
        return 0
    if len(message.body) < _INT.size + _MESSAGE.size:
        raise BrokenReply("the kernel's answer does not say which request failed")
    size: int = _MESSAGE.unpack_from(message.body, _INT.size)[0]
    return (size + 3 & ~3) - _MESSAGE.size
