# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WireGuard device of the kernel, over a generic netlink socket of our own.

The socket belongs to the network namespace in which it was opened and needs no return to it. The kernel loads its
WireGuard module when the family is asked for, so no link need be made to find out whether it has one.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
from typing import Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device import netlink_messages
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import DeviceStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_framing import (
    NLM_F_ACK,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
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
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.refusals import refusal
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import inside
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    BrokenReply,
    DeviceError,
    InvalidValue,
    NoWireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface

# include/uapi/linux/netlink.h and genetlink.h
_NETLINK_GENERIC, _SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK = 16, 270, 10, 11
_CONTROLLER, _CONTROLLER_VERSION, _GET_FAMILY = 16, 1, 3
_FAMILY_ID, _FAMILY_NAME = 1, 2
# include/uapi/linux/sockios.h; struct ifreq: a name of 16 bytes and a union that begins with the index
_SIOCGIFNAME, _SIOCGIFINDEX = 0x8910, 0x8933
_IFREQ = struct.Struct("=16si20x")
_RECEIVE = 1 << 16  # the kernel makes dump messages of at most 32 KiB
_DUMP_ATTEMPTS = 10


class _Channel:
    """A generic netlink socket in one network namespace."""

    def __init__(self, netns: str | None) -> None:
        with inside(netns):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_GENERIC)
        # Capped: an error does not bring back the request, with the secrets that are in it.
        self.socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        self.socket.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
        self._sequence = 0

    def exchange(
        self, family: int, flags: int, command: int, version: int, payload: bytes
    ) -> tuple[list[Message], Verdict]:
        """Send one request and collect its replies until the verdict."""
        self._sequence += 1
        self.socket.send(encode_request(family, flags, self._sequence, command, version, payload))
        replies: list[Message] = []
        for message in self._messages():
            if message.kind in (NLMSG_ERROR, NLMSG_DONE):
                return replies, decode_verdict(message)
            replies.append(message)
        raise BrokenReply("the kernel's answer has no end")

    def _messages(self) -> Iterator[Message]:
        while True:
            data = self.socket.recv(_RECEIVE)
            if not data:
                return
            yield from (message for message in decode_messages(data) if message.sequence == self._sequence)


class NetlinkDevice:
    """One device in one network namespace (a name that `ip netns` knows, or a path); None is the caller's own."""

    def __init__(self, name: str, netns: str | None = None) -> None:
        """Open the socket. Raises NoWireguard, NoPrivilege, DeviceError."""
        self.name = name
        try:
            self._channel = _Channel(netns)
        except OSError as error:
            raise NoWireguard(f"{name}: the kernel has no generic netlink ({error.strerror})") from None
        try:
            self._family = _family(self._channel)
        except BaseException:
            self.close()
            raise
        if not self._family:
            self.close()
            raise NoWireguard(f"{name}: this kernel has no WireGuard: load its module (modprobe wireguard)")

    def read(self) -> Interface:
        """Observe the device. Raises NoSuchInterface, WrongKind, NoPrivilege, BrokenReply, DeviceError."""
        request = netlink_messages.encode_get(self.name)
        for _attempt in range(_DUMP_ATTEMPTS):
            replies, verdict = self._exchange(NLM_F_DUMP, netlink_messages.CMD_GET_DEVICE, request)
            # Someone changed the device during the dump, which may now lack a peer or have it twice.
            if verdict.number == errno.EINTR or any(reply.flags & NLM_F_DUMP_INTR for reply in replies):
                continue
            if verdict.number:
                raise refusal(verdict.number, self.name, detail=verdict.words)
            return netlink_messages.decode_device(map(decode_payload, replies), self._zone_name)
        raise DeviceError(f"{self.name}: it is being changed all the time, no consistent state can be read")

    def write(self, steps: Sequence[DeviceStep]) -> int:
        """Carry out the steps and give the number of messages sent: none where there is nothing to set.

        Raises NoSuchInterface, WrongKind, NoPrivilege, DeviceError; what was sent before an error stays.
        """
        payloads = netlink_messages.encode_set(self.name, steps, zone_index=self._zone_index)
        for payload in payloads:
            _replies, verdict = self._exchange(NLM_F_ACK, netlink_messages.CMD_SET_DEVICE, payload)
            if verdict.number:
                raise refusal(verdict.number, self.name, steps, verdict.words)
        return len(payloads)

    def close(self) -> None:
        """Close the socket. May be called twice."""
        self._channel.socket.close()

    def _exchange(self, flags: int, command: int, payload: bytes) -> tuple[list[Message], Verdict]:
        try:
            return self._channel.exchange(self._family, flags, command, netlink_messages.FAMILY_VERSION, payload)
        except OSError as error:
            raise refusal(error.errno or 0, self.name) from None

    def _zone_index(self, zone: str) -> int:
        if zone.isdigit():
            return int(zone)
        # Asked of our own socket, because the interface is one of the socket's namespace.
        try:
            answer = fcntl.ioctl(self._channel.socket, _SIOCGIFINDEX, _IFREQ.pack(zone.encode("utf-8"), 0))
        except OSError:
            raise InvalidValue(f"{self.name}: an endpoint is to be reached by {zone}, which is not there") from None
        index: int = _IFREQ.unpack(answer)[1]
        return index

    def _zone_name(self, index: int) -> str:
        try:
            answer = fcntl.ioctl(self._channel.socket, _SIOCGIFNAME, _IFREQ.pack(b"", index))
        except OSError:  # the interface is gone, its number stays in the endpoint
            return str(index)
        name: bytes = _IFREQ.unpack(answer)[0]
        return name.rstrip(b"\0").decode("utf-8")


def kernel_has_wireguard(netns: str | None = None) -> bool:
    """Tell whether the kernel has, or can load, WireGuard. Makes no link; needs no privilege where it is."""
    try:
        channel = _Channel(netns)
    except OSError:
        return False
    with channel.socket:
        return bool(_family(channel))


def _family(channel: _Channel) -> int:
    """Give the number of the `wireguard` family, 0 where there is none."""
    name = encode_attribute(_FAMILY_NAME, netlink_messages.FAMILY_NAME.encode("ascii") + b"\0")
    try:
        replies, verdict = channel.exchange(_CONTROLLER, NLM_F_ACK, _GET_FAMILY, _CONTROLLER_VERSION, name)
    except OSError as error:
        raise DeviceError(f"the kernel does not answer over generic netlink: {error.strerror}") from None
    if verdict.number == errno.ENOENT:
        return 0
    if verdict.number:
        raise refusal(verdict.number, netlink_messages.FAMILY_NAME, detail=verdict.words)
    numbers = [dict(decode_attributes(decode_payload(reply))).get(_FAMILY_ID, b"") for reply in replies]
    if len(numbers) != 1 or len(numbers[0]) != 2:
        raise BrokenReply("the kernel's answer does not tell the number of its WireGuard family")
    return struct.unpack("=H", numbers[0])[0]  # type: ignore[no-any-return]  # a format of one H gives one int
