# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WireGuard device that a userspace program runs: its socket, its start and its end.

The socket is /var/run/wireguard/NAME.sock and belongs to all network namespaces that share /run: two devices of one
name need a /run of their own. A program that dies without cleaning up leaves the file behind.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from typing import BinaryIO, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import DeviceStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.refusals import refusal
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_text import (
    END,
    GET,
    decode_errno,
    decode_get,
    encode_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import find_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    BrokenReply,
    DeviceError,
    NoPrivilege,
    NoSuchInterface,
    NoWireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface

SOCKET_FOLDER = "/var/run/wireguard"
_PIECE = 1 << 16
_POLL = 0.01  # seconds
_BANNER = ("┌", "│", "└")


class StaleSocket(NoSuchInterface):
    """The socket of a userspace WireGuard is there and its program is not: it may be started afresh."""


class UapiDevice:
    """One device. Nothing is held between two operations; `timeout` is the longest silence in seconds."""

    def __init__(self, name: str, timeout: float = 30.0) -> None:
        self.name = name
        self.timeout = timeout

    def read(self) -> Interface:
        """Observe the device. Raises NoSuchInterface (StaleSocket where its program died), DeviceError."""
        return decode_get(self._exchange(GET), self.name)

    def write(self, steps: Sequence[DeviceStep]) -> int:
        """Carry out the steps and give the number of operations: one, or none where there is nothing to set."""
        text = encode_set(steps)
        if not text:
            return 0
        number = decode_errno(self._exchange(text))
        if number:
            raise refusal(number, self.name, steps)
        return 1

    def close(self) -> None:
        """Do nothing: each operation gives its connection back."""

    def _exchange(self, text: str) -> str:
        try:
            with _connection(self.name, self.timeout) as channel:
                _send(channel, text.encode("ascii"))
                return _receive(channel).decode("ascii")
        except socket.timeout:
            raise DeviceError(
                f"{self.name}: its userspace program has not answered for {self.timeout:g} s: is it stopped, or"
                " the host out of memory? End it, and run again"
            ) from None
        except UnicodeDecodeError:
            raise BrokenReply(f"{self.name}: its userspace program answers with bytes that are no text") from None
        except OSError as error:
            raise refusal(error.errno or 0, self.name, detail="its userspace program hung up") from None


def is_alive(name: str) -> bool:
    """Tell whether a userspace program listens under this name. Raises NoPrivilege, DeviceError."""
    try:
        _connection(name, timeout=5).close()
    except NoSuchInterface:
        return False
    return True


def start_userspace(name: str, program: str = "wireguard-go", timeout: float = 10.0) -> None:
    """Start a program that makes the interface, goes to the background and outlives us; wait until it answers.

    Raises NoWireguard with the program's own words where it cannot.
    """
    if is_alive(name):
        raise DeviceError(
            f"{name}: a userspace WireGuard of that name runs already, perhaps in another network namespace "
            "that shares /run"
        )
    _remove_socket(name)
    with tempfile.TemporaryFile() as output:  # a pipe would end only with the daemon, should it keep it
        code = _run(name, program, timeout, output)
        output.seek(0)
        words = _words(output.read())
    if code:
        raise NoWireguard(f"{name}: {program} cannot make the interface: {words or code}")
    deadline = time.monotonic() + timeout
    while not is_alive(name):
        if time.monotonic() > deadline:
            raise NoWireguard(f"{name}: {program} does not answer within {timeout:g} s: {words}")
        time.sleep(_POLL)


def stop_userspace(name: str, timeout: float = 10.0) -> None:
    """End the program, which removes its interface; it ends itself when its socket's file is gone. Clears a stale one.

    Raises DeviceError where it still runs after `timeout` seconds.
    """
    try:
        channel = _connection(name, timeout)
    except NoSuchInterface:
        _remove_socket(name)
        return
    with channel:
        _remove_socket(name)
        try:
            # The connection breaks when the program ends: this also sees an interface that moved to another namespace.
            while channel.recv(_PIECE):
                pass
        except socket.timeout:
            raise DeviceError(f"{name}: its userspace program does not end within {timeout:g} s") from None
        except ConnectionError:
            return


def _path(name: str) -> str:
    return f"{SOCKET_FOLDER}/{name}.sock"


def _connection(name: str, timeout: float) -> socket.socket:
    deadline = time.monotonic() + timeout
    while True:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.settimeout(timeout)
        try:
            channel.connect(_path(name))
        except OSError as error:
            channel.close()
            # Linux, unix_stream_connect(): who does not block is told EAGAIN where too many wait to be accepted.
            if not isinstance(error, BlockingIOError) or time.monotonic() > deadline:
                raise _connection_error(name, error) from None
            time.sleep(_POLL)
        else:
            return channel


def _connection_error(name: str, error: OSError) -> DeviceError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NoSuchInterface(f"{name}: no userspace WireGuard of that name runs ({_path(name)} is missing)")
    if isinstance(error, ConnectionRefusedError):
        return StaleSocket(f"{name}: the program behind {_path(name)} has died and left its socket")
    if isinstance(error, PermissionError):
        return NoPrivilege(f"{name}: only root may talk to {_path(name)}")
    return DeviceError(f"{name}: cannot connect to {_path(name)}: {error}")


def _send(channel: socket.socket, data: bytes) -> None:
    """Send all, each piece with the whole timeout: sendall() would count it once for ten thousand peers."""
    rest = memoryview(data)
    # A program that refuses a line hangs up while we still send; its reply with the errno is there to be read.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while rest:
            rest = rest[channel.send(rest[:_PIECE]) :]


def _receive(channel: socket.socket) -> bytes:
    end = END.encode("ascii")
    reply = bytearray()
    while not reply.endswith(end):
        piece = channel.recv(_PIECE)
        if not piece:
            break
        reply += piece
    return bytes(reply)


def _remove_socket(name: str) -> None:
    try:
        os.unlink(_path(name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal(error.errno or 0, name, detail=f"cannot remove {_path(name)}") from None


def _run(name: str, program: str, timeout: float, output: BinaryIO) -> int:
    # LOG_LEVEL makes wireguard-go keep our stdout and stderr; Ansible waits for a module until those are closed.
    environment = {key: value for key, value in os.environ.items() if key != "LOG_LEVEL"}
    try:
        # A backend knows no AnsibleModule, and so no run_command.
        return subprocess.run(  # pylint: disable=ansible-bad-function
            [find_program(program) or program, name],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            start_new_session=True,
            timeout=timeout,
            check=False,
        ).returncode
    except FileNotFoundError:
        raise NoWireguard(f"{name}: {program} is not installed") from None
    except subprocess.TimeoutExpired:
        raise NoWireguard(f"{name}: {program} does not go to the background within {timeout:g} s") from None
    except OSError as error:
        raise NoWireguard(f"{name}: {program} cannot be run: {error.strerror}") from None


def _words(output: bytes) -> str:
    """Give what a program said, without the box in which wireguard-go recommends the kernel."""
    lines = (line.strip() for line in output.decode("utf-8", "replace").splitlines())
    return "; ".join(line for line in lines if line and not line.startswith(_BANNER))
