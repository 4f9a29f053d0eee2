# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The framing of netlink against bytes written out from include/uapi/linux/netlink.h."""

from __future__ import annotations

import contextlib
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_framing import (
    NLMSG_DONE,
    NLMSG_ERROR,
    Message,
    Verdict,
    decode_attributes,
    decode_messages,
    decode_payload,
    decode_verdict,
    encode_attribute,
    encode_request,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply

CAPPED, ACK_TLVS = 0x100, 0x200
WORDS = encode_attribute(1, b"no such thing\0")


def request_header(size: int) -> bytes:
    return struct.pack("=IHHII", size, 30, 5, 1, 0)


def failed(number: int, behind: bytes, size: int = 20) -> bytes:
    return struct.pack("=i", -number) + request_header(size) + behind


@pytest.mark.skipif(sys.byteorder == "big", reason="the written-out bytes are those of a little-endian machine")
def test_a_request_is_the_documented_bytes() -> None:
    assert encode_request(30, 4, 7, 1, 1, b"abcd") == bytes.fromhex(
        "18000000 1e00 0500 07000000 00000000 01010000 61626364"
    )


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (Message(NLMSG_ERROR, CAPPED, 1, failed(0, b"")), Verdict(0, "")),
        (Message(NLMSG_ERROR, CAPPED, 1, failed(1, b"")), Verdict(1, "")),
        (Message(NLMSG_ERROR, CAPPED | ACK_TLVS, 1, failed(22, WORDS, 900)), Verdict(22, "no such thing")),
        (Message(NLMSG_ERROR, ACK_TLVS, 1, failed(22, b"four" + WORDS, 20)), Verdict(22, "no such thing")),
        (Message(NLMSG_DONE, 0, 1, bytes(4)), Verdict(0, "")),
        (Message(NLMSG_DONE, ACK_TLVS, 1, struct.pack("=i", -95) + WORDS), Verdict(95, "no such thing")),
    ],
)
def test_a_verdict_is_an_errno_and_the_words_behind_it(message: Message, verdict: Verdict) -> None:
    assert decode_verdict(message) == verdict


def test_several_messages_of_one_datagram_are_split() -> None:
    data = encode_request(30, 0, 1, 0, 1, encode_attribute(2, b"a\0")) + encode_request(31, 0, 2, 0, 1, b"")
    first, second = decode_messages(data)
    assert (first.kind, second.kind, second.sequence) == (30, 31, 2)
    assert decode_attributes(decode_payload(first)) == [(2, b"a\0")]


@given(st.sampled_from([NLMSG_ERROR, NLMSG_DONE, 30]), st.integers(0, 0xFFFF), st.binary(max_size=60))
def test_garbage_raises_nothing_but_a_broken_reply(kind: int, flags: int, body: bytes) -> None:
    for decode, data in (
        (decode_verdict, Message(kind, flags, 1, body)),
        (decode_payload, Message(kind, flags, 1, body)),
        (decode_messages, body),
        (decode_attributes, body),
    ):
        with contextlib.suppress(BrokenReply):
            decode(data)
