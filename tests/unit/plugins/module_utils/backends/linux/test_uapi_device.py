# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of a userspace device against small daemons that answer, refuse, hang up, sleep or are dead."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Callable, Iterator  # that of collections.abc is no type in Python 3.8

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import preflight, programs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device import uapi_device
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.uapi_device import (
    StaleSocket,
    UapiDevice,
    is_alive,
    start_userspace,
    stop_userspace,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    BrokenReply,
    DeviceError,
    NoSuchInterface,
    NoWireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetDevice, SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    EMPTY,
    PRESHARED,
    PRIVATE,
    prefixes,
)

Daemon = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(uapi_device, "SOCKET_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def daemon(folder: Path) -> Iterator[Callable[[Daemon], None]]:
    """``daemon(serve)`` lets ``serve`` have each connection to wg0."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "wg0.sock"))
    listener.listen()
    threads: list[threading.Thread] = []

    def run(serve: Daemon) -> None:
        def loop() -> None:
            with listener.accept()[0] as channel:
                serve(channel)

        threads.append(threading.Thread(target=loop))
        threads[-1].start()

    yield run
    for thread in threads:
        thread.join(10)
    listener.close()


def answering(reply: bytes, heard: list[bytes] | None = None) -> Daemon:
    def serve(channel: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\n\n"):
            request += channel.recv(4096)
        if heard is not None:
            heard.append(request)
        for start in range(0, len(reply), 3):  # the end, too, arrives in pieces
            channel.sendall(reply[start : start + 3])

    return serve


def test_a_device_is_read(daemon: Callable[[Daemon], None]) -> None:
    heard: list[bytes] = []
    daemon(answering(b"listen_port=51820\nerrno=0\n\n", heard))
    assert UapiDevice("wg0").read().listen_port == 51820
    assert heard == [b"get=1\n\n"]


def test_steps_are_one_operation(daemon: Callable[[Daemon], None]) -> None:
    heard: list[bytes] = []
    daemon(answering(b"errno=0\n\n", heard))
    assert UapiDevice("wg0").write([SetDevice(listen_port=7), SetPeer(ALICE, persistent_keepalive=25)]) == 1
    assert len(heard) == 1 and heard[0].startswith(b"set=1\nlisten_port=7\npublic_key=")


@pytest.mark.parametrize("steps", EMPTY, ids=str)
def test_nothing_to_set_is_not_sent(steps: list[SetPeer]) -> None:
    assert UapiDevice("nobody").write(steps) == 0


def test_a_port_that_is_taken_is_named(daemon: Callable[[Daemon], None]) -> None:
    daemon(answering(b"errno=-98\n\n"))
    with pytest.raises(DeviceError, match=r"^wg0: UDP port 51820 is in use"):
        UapiDevice("wg0").write([SetDevice(PRIVATE, 51820)])


def test_the_errno_of_a_daemon_that_hangs_up_while_we_send_is_told(daemon: Callable[[Daemon], None]) -> None:
    def refuse(channel: socket.socket) -> None:
        channel.recv(100)
        channel.sendall(b"errno=-22\n\n")

    daemon(refuse)
    peers = [
        SetPeer(PublicKey(os.urandom(32)), True, PRESHARED, add_allowed_ips=prefixes("::/0")) for dummy in range(9999)
    ]
    with pytest.raises(DeviceError, match=r"refused: Invalid argument \(EINVAL\)$") as caught:
        UapiDevice("wg0").write(peers)
    assert PRESHARED.raw.hex() not in str(caught.value)


@pytest.mark.parametrize("reply", [b"", b"listen_port=1\n", b"\xff\n\n", b"errno=0"])
def test_a_reply_that_makes_no_sense_is_broken(daemon: Callable[[Daemon], None], reply: bytes) -> None:
    daemon(answering(reply))
    with pytest.raises(BrokenReply):
        UapiDevice("wg0").read()


def test_a_daemon_that_sleeps_is_not_waited_for_without_end(daemon: Callable[[Daemon], None]) -> None:
    over = threading.Event()
    daemon(lambda channel: over.wait(10) and None)
    with pytest.raises(DeviceError, match=r"has not answered for 0\.1 s"):
        UapiDevice("wg0", timeout=0.1).read()
    over.set()


def test_a_missing_device_is_no_such_interface() -> None:
    assert not is_alive("wg0")
    with pytest.raises(NoSuchInterface, match="no userspace WireGuard of that name runs"):
        UapiDevice("wg0").read()


def leave_a_stale_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "wg0.sock"))
    return folder / "wg0.sock"


def test_a_socket_without_a_program_is_told_apart(folder: Path) -> None:
    leave_a_stale_socket(folder)
    assert not is_alive("wg0")
    with pytest.raises(StaleSocket, match="has died and left its socket"):
        UapiDevice("wg0").read()


def test_stopping_what_has_died_clears_its_socket(folder: Path) -> None:
    path = leave_a_stale_socket(folder)
    stop_userspace("wg0")
    stop_userspace("wg0")
    assert not path.exists()


def program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo '│ a box │' >&2; echo 'no /dev/net/tun' >&2; exit 1", "cannot make the interface: no /dev/net/tun$"),
        ("exit 3", "cannot make the interface: 3$"),
        ("exec sleep 60", "does not go to the background within 0.3 s$"),
        ("exit 0", "does not answer within 0.3 s"),
    ],
)
def test_a_program_that_cannot_start_is_quoted(folder: Path, script: str, words: str) -> None:
    with pytest.raises(NoWireguard, match=words):
        start_userspace("wg0", program(folder, script), timeout=0.3)


def test_a_program_finds_no_stale_socket_in_its_way(folder: Path) -> None:
    path = leave_a_stale_socket(folder)
    with pytest.raises(NoWireguard, match="the way is clear"):
        start_userspace("wg0", program(folder, f"test -e {path} || echo the way is clear; exit 1"))


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(NoWireguard, match=r"^wg0: wireguard-nothing is not installed$"):
        start_userspace("wg0", "wireguard-nothing")


def test_a_program_is_found_where_the_path_lacks_its_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = program(folder, "echo it was found; exit 1")
    monkeypatch.setattr(programs, "_PATH", os.path.dirname(place))
    monkeypatch.setattr(preflight, "kernel_has_wireguard", lambda: False)
    name = os.path.basename(place)
    with pytest.raises(NoWireguard, match="it was found"):
        start_userspace("wg0", name)
    if os.path.exists("/dev/net/tun"):
        assert preflight.choose_implementation("auto", name) == preflight.USERSPACE


def test_a_second_program_of_one_name_is_not_started(daemon: Callable[[Daemon], None], folder: Path) -> None:
    daemon(lambda channel: None)
    with pytest.raises(DeviceError, match="runs already"):
        start_userspace("wg0", program(folder, "exit 1"))
