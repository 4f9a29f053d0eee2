# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The netlink device against a channel that is told what the kernel answers. A real kernel judges it elsewhere."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device import netlink_device
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    NetlinkDevice,
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_framing import (
    NLM_F_ACK,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    Message,
    Verdict,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    BrokenReply,
    DeviceError,
    InvalidValue,
    NoPrivilege,
    NoSuchInterface,
    NoWireguard,
    WrongKind,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    PRIVATE,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_interpreters import (
    Held,
    NetlinkJudge,
    attribute,
)

FAMILY = 30
DONE = Verdict(0, "")
GENERIC_HEADER = bytes(4)
Answer = "tuple[list[Message], Verdict]"


class ToldChannel:
    """Answers what `answers` holds, in its order, and keeps what was asked."""

    answers: list[Answer]
    asked: list[tuple[int, bytes]]
    has_family: bool

    def __init__(self, netns: str | None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def exchange(self, family: int, flags: int, command: int, version: int, payload: bytes) -> Answer:
        if family != FAMILY:
            known = Message(16, 0, 1, GENERIC_HEADER + attribute(1, struct.pack("=H", FAMILY)))
            return ([known], DONE) if self.has_family else ([], Verdict(errno.ENOENT, ""))
        self.asked.append((flags, payload))
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def channel(monkeypatch: pytest.MonkeyPatch) -> type[ToldChannel]:
    told = type("Told", (ToldChannel,), {"answers": [], "asked": [], "has_family": True})
    monkeypatch.setattr(netlink_device, "_Channel", told)
    return told


def dump(flags: int = 0) -> Answer:
    return [Message(FAMILY, flags, 1, GENERIC_HEADER + payload) for payload in NetlinkJudge(Held(port=7)).dump()], DONE


def refused(number: int, words: str = "") -> Answer:
    return [], Verdict(number, words)


def test_a_device_is_read(channel: type[ToldChannel]) -> None:
    channel.answers[:] = [dump()]
    device = NetlinkDevice("wg0")
    assert device.read().listen_port == 7
    assert [flags for flags, _payload in channel.asked] == [NLM_F_DUMP]
    device.close()
    device.close()


@pytest.mark.parametrize("disturbed", [dump(NLM_F_DUMP_INTR), refused(errno.EINTR)])
def test_a_dump_that_was_disturbed_is_asked_for_again(channel: type[ToldChannel], disturbed: Answer) -> None:
    channel.answers[:] = [disturbed, disturbed, dump()]
    device = NetlinkDevice("wg0")
    assert device.read().listen_port == 7 and len(channel.asked) == 3
    device.close()


def test_a_dump_that_is_disturbed_for_ever_is_an_error(channel: type[ToldChannel]) -> None:
    channel.answers[:] = [dump(NLM_F_DUMP_INTR)] * 99
    device = NetlinkDevice("wg0")
    with pytest.raises(DeviceError, match="being changed all the time"):
        device.read()
    device.close()


def test_each_message_is_acknowledged_and_counted(channel: type[ToldChannel]) -> None:
    channel.answers[:] = [([], DONE)]
    device = NetlinkDevice("wg0")
    assert device.write([SetDevice(PRIVATE, 51820), SetPeer(ALICE, create=True)]) == 1
    assert device.write([]) == 0
    assert [flags for flags, _payload in channel.asked] == [NLM_F_ACK]
    device.close()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EPERM, NoPrivilege, "needs root"),
        (errno.ENODEV, NoSuchInterface, "there is no interface of that name"),
        (errno.EOPNOTSUPP, WrongKind, "is no WireGuard interface"),
        (errno.EADDRINUSE, DeviceError, "UDP port 51820 is in use"),
        (errno.EINVAL, DeviceError, r"refused: Invalid argument \(EINVAL\): said the kernel"),
    ],
)
def test_an_errno_becomes_a_type_and_words_without_secrets(
    channel: type[ToldChannel], number: int, kind: type[DeviceError], words: str
) -> None:
    channel.answers[:] = [refused(number, "said the kernel")] * 2
    device = NetlinkDevice("wg0")
    with pytest.raises(kind, match="^wg0: .*" + words) as caught:
        device.write([SetDevice(PRIVATE, 51820)])
    assert PRIVATE.reveal() not in str(caught.value) and PRIVATE.raw.hex() not in str(caught.value)
    if number != errno.EADDRINUSE:
        with pytest.raises(kind):
            device.read()
    device.close()


def test_a_kernel_without_wireguard_says_so_before_anything_is_made(channel: type[ToldChannel]) -> None:
    assert kernel_has_wireguard()
    channel.has_family = False
    assert not kernel_has_wireguard()
    with pytest.raises(NoWireguard, match="this kernel has no WireGuard"):
        NetlinkDevice("wg0")


def test_a_dump_without_a_device_is_a_broken_reply(channel: type[ToldChannel]) -> None:
    channel.answers[:] = [([], DONE)]
    device = NetlinkDevice("wg0")
    with pytest.raises(BrokenReply):
        device.read()
    device.close()


def test_a_zone_that_is_no_interface_is_named_and_nothing_is_sent(channel: type[ToldChannel]) -> None:
    device = NetlinkDevice("wg0")
    with pytest.raises(InvalidValue, match="nowhere0"):
        device.write([SetPeer(ALICE, endpoint=Endpoint("fe80::1%nowhere0", 1))])
    assert not channel.asked
    device.close()


def test_the_loopback_zone_goes_out_as_number_one(channel: type[ToldChannel]) -> None:
    channel.answers[:] = [([], DONE)]
    device = NetlinkDevice("wg0")
    device.write([SetPeer(ALICE, endpoint=Endpoint("fe80::1%lo", 1))])
    assert channel.asked[0][1].endswith(b"\x01" + struct.pack("=I", 1))
    device.close()


def test_a_real_kernel_answers_about_a_family_that_it_has_or_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(netlink_device.netlink_messages, "FAMILY_NAME", "nlctrl")
    assert kernel_has_wireguard()
    monkeypatch.setattr(netlink_device.netlink_messages, "FAMILY_NAME", "no-such-family")
    assert not kernel_has_wireguard()
