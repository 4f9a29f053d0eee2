# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The netlink codec against bytes that were written out from include/uapi/linux/wireguard.h, and against nonsense."""

from __future__ import annotations

import contextlib
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_messages import (
    MAX_MESSAGE,
    decode_device,
    encode_get,
    encode_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    BOB,
    DIALLED,
    PRESHARED,
    PRIVATE,
    PUBLIC,
    prefixes,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_interpreters import (
    Held,
    NetlinkJudge,
    attributes,
)

pytestmark = pytest.mark.skipif(
    sys.byteorder == "big", reason="the written-out bytes are those of a little-endian machine"
)

HEADERS = 20  # struct nlmsghdr and struct genlmsghdr


def captured(text: str) -> bytes:
    """Read hexadecimal bytes; what follows a # says what they are."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


SET = captured(f"""
    0800 0200 77673000                       # WGDEVICE_A_IFNAME (2) "wg0"
    2400 0300 {PRIVATE.raw.hex()}            # WGDEVICE_A_PRIVATE_KEY (3)
    0600 0600 6cca 0000                      # WGDEVICE_A_LISTEN_PORT (6) 51820, padding
    0800 0700 34120000                       # WGDEVICE_A_FWMARK (7) 0x1234
    ec00 0880                                # WGDEVICE_A_PEERS (8), nested, 4 + 184 + 48 bytes
      b800 0080                              # a peer, nested, 184 bytes
        2400 0100 {ALICE.raw.hex()}          # WGPEER_A_PUBLIC_KEY (1)
        0800 0300 02000000                   # WGPEER_A_FLAGS (3) WGPEER_F_REPLACE_ALLOWEDIPS
        2400 0200 {PRESHARED.raw.hex()}      # WGPEER_A_PRESHARED_KEY (2)
        1400 0400                            # WGPEER_A_ENDPOINT (4), struct sockaddr_in
          0200 ca6c c0000201 0000000000000000
        0600 0500 1900 0000                  # WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL (5) 25
        4800 0980                            # WGPEER_A_ALLOWEDIPS (9), nested
          1c00 0080                          # an allowed ip, nested
            0600 0100 0200 0000              # WGALLOWEDIP_A_FAMILY (1) AF_INET
            0500 0300 10 000000              # WGALLOWEDIP_A_CIDR_MASK (3)
            0800 0200 0a010000               # WGALLOWEDIP_A_IPADDR (2) 10.1.0.0
          2800 0080
            0600 0100 0a00 0000              # AF_INET6
            0500 0300 30 000000
            1400 0200 fd000001000000000000000000000000
      3000 0080                              # a peer, nested
        2400 0100 {BOB.raw.hex()}
        0800 0300 01000000                   # WGPEER_F_REMOVE_ME
""")

# In the order in which wg_get_device_dump() and get_peer() of drivers/net/wireguard/netlink.c put them.
DUMP = captured(f"""
    0600 0600 6cca 0000                      # WGDEVICE_A_LISTEN_PORT
    0800 0700 34120000                       # WGDEVICE_A_FWMARK
    0800 0100 05000000                       # WGDEVICE_A_IFINDEX
    0800 0200 77673000                       # WGDEVICE_A_IFNAME
    2400 0300 {PRIVATE.raw.hex()}
    2400 0400 {PUBLIC.raw.hex()}             # WGDEVICE_A_PUBLIC_KEY (4)
    cc00 0880                                # WGDEVICE_A_PEERS
      c800 0080
        2400 0100 {ALICE.raw.hex()}
        2400 0200 {"00" * 32}                # no preshared key
        1400 0600 00f1536500000000 0065cd1d00000000  # WGPEER_A_LAST_HANDSHAKE_TIME (6), 1700000000 s, 500000000 ns
        0600 0500 1900 0000
        0c00 0800 0102000000000000           # WGPEER_A_TX_BYTES (8) 513
        0c00 0700 0001000000000000           # WGPEER_A_RX_BYTES (7) 256
        0800 0a00 01000000                   # WGPEER_A_PROTOCOL_VERSION (10)
        2000 0400                            # WGPEER_A_ENDPOINT, struct sockaddr_in6 of scope 3
          0a00 ca6c 00000000 fe800000000000000000000000000001 03000000
        2000 0980
          1c00 0080
            0500 0300 10 000000
            0600 0100 0200 0000
            0800 0200 0a010000
""")
CONTINUED = captured(f"""
    0800 0200 77673000
    5800 0880
      5400 0080
        2400 0100 {ALICE.raw.hex()}
        2c00 0980
          2800 0080
            0500 0300 30 000000
            0600 0100 0a00 0000
            1400 0200 fd000001000000000000000000000000
""")


def test_steps_become_the_documented_bytes() -> None:
    alice = SetPeer(
        ALICE, True, PRESHARED, DIALLED, prefixes("10.1.0.0/16", "fd00:1::/48"), True, persistent_keepalive=25
    )
    assert encode_set("wg0", [SetDevice(PRIVATE, 51820, 0x1234), alice, RemovePeer(BOB)]) == [SET]


def test_an_interface_can_be_named_by_its_index() -> None:
    assert encode_get(5) == captured("0800 0100 05000000")


def test_a_dump_is_read_whole() -> None:
    observed = decode_device([DUMP], zone_name={3: "eth0"}.__getitem__)
    peer = observed.peers[ALICE]
    assert (observed.name, observed.private_key, observed.public_key) == ("wg0", PRIVATE, PUBLIC)
    assert (observed.listen_port, observed.fwmark, observed.implementation) == (51820, 0x1234, "kernel")
    assert peer.endpoint == peer.current_endpoint == Endpoint("fe80::1%eth0", 51820)
    assert (peer.preshared_key, peer.persistent_keepalive, peer.allowed_ips) == (None, 25, prefixes("10.1.0.0/16"))
    assert (peer.last_handshake, peer.rx_bytes, peer.tx_bytes) == (1700000000.5, 256, 513)


def test_a_zone_goes_out_as_the_number_of_its_interface() -> None:
    (payload,) = encode_set(
        "wg0", [SetPeer(ALICE, endpoint=Endpoint("fe80::1%eth0", 1))], zone_index={"eth0": 3}.__getitem__
    )
    assert payload.endswith(captured("fe800000000000000000000000000001 03000000"))


def test_a_device_without_keys_has_none() -> None:
    silent = captured(f"0800 0200 77673000 2400 0300 {'00' * 32} 2400 0400 {PUBLIC.raw.hex()}")
    observed = decode_device([silent])
    assert observed.private_key is None and observed.public_key is None


def test_a_continued_peer_keeps_what_its_first_part_told() -> None:
    whole, merged = decode_device([DUMP]).peers[ALICE], decode_device([DUMP, CONTINUED]).peers[ALICE]
    assert merged == whole._replace(allowed_ips=prefixes("10.1.0.0/16", "fd00:1::/48"))


def many(count: int) -> frozenset[Prefix]:
    return frozenset(Prefix(b"\x0a" + struct.pack(">I", number)[1:], 32) for number in range(count))


def sent(*steps: SetPeer) -> tuple[list[bytes], Held]:
    payloads = encode_set("wg0", steps)
    judge = NetlinkJudge(Held())
    for payload in payloads:
        assert len(payload) + HEADERS <= MAX_MESSAGE
        judge.set(payload)
    return payloads, judge.held


@pytest.mark.parametrize("count", [0, 1, 599, 600, 601, 1200, 1201, 5000])
def test_very_many_allowed_ips_all_arrive(count: int) -> None:
    _payloads, held = sent(SetPeer(ALICE, True, PRESHARED, DIALLED, many(count), True, 25))
    assert held.peers[ALICE.raw].allowed_ips == set(map(str, many(count)))
    assert held.peers[ALICE.raw].preshared_key == PRESHARED.raw


def test_a_continuation_changes_a_known_peer_by_allowed_ips_only() -> None:
    payloads, _held = sent(SetPeer(ALICE, True, PRESHARED, DIALLED, many(1201), True, 25))
    records = [
        dict(attributes(record)) for payload in payloads for _i, record in attributes(dict(attributes(payload))[8])
    ]
    first, *rest = records
    assert first[3] == struct.pack("=I", 2) and {2, 4, 5} <= set(first)
    assert len(rest) == 2 and all(set(record) == {1, 3, 9} and record[3] == struct.pack("=I", 4) for record in rest)


def test_several_peers_share_a_message_and_only_the_first_message_sets_the_device() -> None:
    steps = [SetPeer(PublicKey(struct.pack(">I", number) * 8), True, PRESHARED, DIALLED) for number in range(1000)]
    payloads = encode_set("wg0", [SetDevice(PRIVATE), *steps], replace_peers=True)
    assert 1 < len(payloads) < 10 and all(len(payload) + HEADERS <= MAX_MESSAGE for payload in payloads)
    assert [{3, 5} & set(dict(attributes(payload))) for payload in payloads] == [{3, 5}] + [set()] * (len(payloads) - 1)
    assert len(sent(*steps)[1].peers) == 1000


def test_a_peer_that_just_does_not_fit_opens_the_next_message() -> None:
    record, room = (
        48,
        MAX_MESSAGE - HEADERS - 8 - 4,
    )  # bytes: a removed peer; without the name and the head of the peers
    fits = room // record
    keys = [RemovePeer(PublicKey(struct.pack(">I", number) * 8)) for number in range(fits + 1)]
    assert [len(encode_set("wg0", keys[:count])) for count in (fits, fits + 1)] == [1, 2]


@pytest.mark.parametrize("count", range(24))
def test_no_mix_of_sizes_makes_a_message_too_long(count: int) -> None:
    first = SetPeer(ALICE, True, add_allowed_ips=many(count))
    peers = [RemovePeer(PublicKey(struct.pack(">I", number) * 8)) for number in range(700)]
    payloads = encode_set("wg0", [SetDevice(PRIVATE, 1, 1), first, *peers])
    assert len(payloads) == 2 and all(len(payload) + HEADERS <= MAX_MESSAGE for payload in payloads)


@pytest.mark.parametrize("size", range(1, len(DUMP)))
def test_a_dump_that_ends_early_is_a_broken_reply_or_an_honest_part(size: int) -> None:
    try:
        decode_device([DUMP[:size]])
    except BrokenReply as error:
        assert PRIVATE.raw.hex() not in str(error)


@pytest.mark.parametrize("value", [*range(17), 0x20, 0x7F, 0x80, 0xFF])
def test_a_wrong_byte_raises_nothing_but_a_broken_reply(value: int) -> None:
    for place in range(len(DUMP)):
        with contextlib.suppress(BrokenReply):
            decode_device([DUMP[:place] + bytes([value]) + DUMP[place + 1 :]])


@given(st.lists(st.binary(max_size=200), max_size=3))
def test_garbage_is_a_broken_reply(payloads: list[bytes]) -> None:
    with pytest.raises(BrokenReply):
        decode_device(payloads)
