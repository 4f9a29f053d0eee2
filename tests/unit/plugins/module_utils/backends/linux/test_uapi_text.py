# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text codec against text written out from https://www.wireguard.com/xplatform/, and against nonsense."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_text import (
    decode_errno,
    decode_get,
    encode_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply, DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    BOB,
    DIALLED6,
    PRESHARED,
    PRIVATE,
    PUBLIC,
    prefixes,
)

SET = f"""set=1
private_key={PRIVATE.raw.hex()}
listen_port=51820
fwmark=4660
public_key={ALICE.raw.hex()}
update_only=true
preshared_key={PRESHARED.raw.hex()}
endpoint=[2001:db8::7]:4500
persistent_keepalive_interval=25
replace_allowed_ips=true
allowed_ip=10.1.0.0/16
allowed_ip=fd00:1::/48
public_key={BOB.raw.hex()}
remove=true

"""

GET = f"""private_key={PRIVATE.raw.hex()}
listen_port=51820
fwmark=4660
something_of_tomorrow=7
public_key={ALICE.raw.hex()}
preshared_key={"00" * 32}
protocol_version=1
endpoint=[fe80::1%eth0]:51820
last_handshake_time_sec=1700000000
last_handshake_time_nsec=500000000
tx_bytes=513
rx_bytes=256
persistent_keepalive_interval=25
allowed_ip=10.1.0.0/16
something_of_tomorrow=7
allowed_ip=fd00:1::/48
errno=0

"""


def test_steps_become_the_documented_text() -> None:
    alice = SetPeer(
        ALICE, False, PRESHARED, DIALLED6, prefixes("10.1.0.0/16", "fd00:1::/48"), True, persistent_keepalive=25
    )
    assert encode_set([SetDevice(PRIVATE, 51820, 0x1234), alice, RemovePeer(BOB)]) == SET


def test_a_reply_is_read_whole_and_unknown_words_are_ignored() -> None:
    observed = decode_get(GET, "wg0")
    peer = observed.peers[ALICE]
    assert (observed.name, observed.private_key, observed.public_key) == ("wg0", PRIVATE, PUBLIC)
    assert (observed.listen_port, observed.fwmark, observed.implementation) == (51820, 0x1234, "userspace")
    assert peer.endpoint == peer.current_endpoint == Endpoint("fe80::1%eth0", 51820)
    assert (peer.preshared_key, peer.persistent_keepalive) == (None, 25)
    assert peer.allowed_ips == prefixes("10.1.0.0/16", "fd00:1::/48")
    assert (peer.last_handshake, peer.rx_bytes, peer.tx_bytes) == (1700000000.5, 256, 513)


def test_a_device_without_anything_is_read() -> None:
    observed = decode_get("errno=0\n\n", "wg0")
    assert (observed.private_key, observed.public_key, observed.listen_port, observed.peers) == (None, None, 0, {})


@pytest.mark.parametrize(
    ("text", "number"), [("errno=0\n\n", 0), ("errno=-98\n\n", 98), ("fwmark=1\nerrno=22\n\n", 22)]
)
def test_the_errno_is_the_last_line(text: str, number: int) -> None:
    assert decode_errno(text) == number


def test_an_error_in_reply_to_get_is_told_in_words() -> None:
    with pytest.raises(DeviceError, match=r"wg0: refused: Input/output error \(EIO\)"):
        decode_get("errno=-5\n\n", "wg0")


@pytest.mark.parametrize("size", range(len(GET)))
def test_a_reply_that_ends_early_is_broken(size: int) -> None:
    with pytest.raises(BrokenReply) as caught:
        decode_get(GET[:size])
    assert PRIVATE.raw.hex()[:8] not in str(caught.value)


@given(st.integers(0, len(GET) - 1), st.characters(max_codepoint=0x2FF))
def test_a_wrong_letter_raises_nothing_but_a_device_error(place: int, letter: str) -> None:
    with contextlib.suppress(DeviceError):
        decode_get(GET[:place] + letter + GET[place + 1 :])


@given(st.text(max_size=100))
def test_garbage_is_a_broken_reply(text: str) -> None:
    with pytest.raises(BrokenReply):
        decode_get(text)
