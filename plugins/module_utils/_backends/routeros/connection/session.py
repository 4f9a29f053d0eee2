# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a router: login by librouteros, then many commands at once.

Rules of this file: librouteros makes the transport and logs in; after that every sentence is ours, because it waits for
each reply, guesses types and knows no tags. Commands are sent with tags in a bounded window; replies may interleave.
Nothing is decided here: a reply carries its rows, its `ret` and its trap. Every error is typed and tells no secret.
"""

from __future__ import annotations

import errno
import itertools
import logging
import socket
import ssl
import sys
from dataclasses import dataclass, field
from typing import Any, Iterable, NamedTuple, Sequence

try:
    import librouteros
    from librouteros.exceptions import LibRouterosError, MultiTrapError, TrapError
except ImportError:
    librouteros = None  # type: ignore[assignment]  # told as MissingLibrary

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.tls import (
    reason_of,
    refused_tls,
    tls_wrapper,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.wire import (
    Sentence,
    SentenceDecoder,
    encode_sentence,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    BrokenReply,
    ConnectionLost,
    InvalidInput,
    LoginRefused,
    MissingLibrary,
    NoPrivilege,
    NotConnected,
    Problem,
)

WINDOW = 256  # commands that wait for their replies at a time; a sentence is some hundred bytes
_RECEIVE = 65536  # bytes
_POLICY_HINT = "its group needs the policies api, read, write and, to see keys, sensitive"


class Command(NamedTuple):
    """One sentence: its path, its attributes (`.id` and `.proplist` too) and its query words."""

    path: str
    attributes: Sequence[tuple[str, str]] = ()
    queries: Sequence[str] = ()


class Trap(NamedTuple):
    """An error that a router tells of one command."""

    message: str

    def says(self, *texts: str) -> bool:
        """Tell whether one of the texts is in the message, whatever the case."""
        return any(text in self.message.lower() for text in texts)


@dataclass
class Reply:
    """What came back for one command."""

    rows: list[dict[str, str]] = field(default_factory=list)
    ret: str = ""
    trap: Trap | None = None


class Session:
    """An open connection, logged in."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._decoder = SentenceDecoder(access.encoding)
        self._sentences: list[Sentence] = []
        self._api = _log_in(access)
        self._channel: socket.socket = self._api.protocol.transport.sock

    @property
    def address(self) -> str:
        """Give host and port for people."""
        return self._access.address

    @property
    def encoding(self) -> str:
        """Give the encoding of all text."""
        return self._access.encoding

    def run(self, commands: Sequence[Command], stop_at_trap: bool = False) -> list[Reply]:
        """Carry out commands and give their replies in the same order. Raises ConnectionLost.

        The router may carry out several at the same time. With stop_at_trap, nothing more is sent after the first trap,
        and what was not sent has an empty reply.
        """
        replies = [Reply() for _command in commands]
        waiting = 0
        trapped = False
        to_send = iter(enumerate(commands))
        while True:
            batch = [] if trapped else list(itertools.islice(to_send, WINDOW - waiting))
            if batch:
                self._send(b"".join(self._encode(number, command) for number, command in batch))
                waiting += len(batch)
            if not waiting:
                return replies
            while waiting > (WINDOW // 2 if batch else 0):
                finished, trap = self._receive(replies)
                waiting -= finished
                trapped = trapped or (stop_at_trap and trap)

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._api.close()

    def _encode(self, number: int, command: Command) -> bytes:
        attributes = [f"={name}={value}" for name, value in command.attributes]
        words = [command.path, *attributes, *command.queries, f".tag={number}"]
        try:
            return encode_sentence(words, self.encoding)
        except UnicodeEncodeError:
            message = f"{self.encoding} has not all characters of what is to be said to {command.path}"
            raise InvalidInput([Problem("encoding", message)]) from None

    def _send(self, data: bytes) -> None:
        try:
            self._channel.sendall(data)
        except OSError as error:
            raise self._lost(error) from None

    def _receive(self, replies: list[Reply]) -> tuple[int, bool]:
        """Take one sentence; tell whether it ends a command, and whether it is a trap."""
        word, *rest = self._sentence()
        if word == "!fatal":
            raise ConnectionLost(f"{self._access.address} ended the connection: {' '.join(rest)}")
        values, tag = _values(rest)
        if not tag.isdigit() or int(tag) >= len(replies):
            raise BrokenReply(f"{self._access.address} answered what was not asked")
        reply = replies[int(tag)]
        if word == "!re":
            reply.rows.append(values)
        elif word == "!trap":
            reply.trap = reply.trap or Trap(values.get("message", "for no reason that it tells"))
        elif word == "!done":
            reply.ret = values.get("ret", "")
        return int(word == "!done"), word == "!trap"

    def _sentence(self) -> Sentence:
        while not self._sentences:
            try:
                data = self._channel.recv(_RECEIVE)
            except OSError as error:
                raise self._lost(error) from None
            if not data:
                raise self._lost(None)
            self._sentences = self._decoder.feed(data)[::-1]
        return self._sentences.pop()

    def _lost(self, error: OSError | None) -> ConnectionLost:
        reason = reason_of(error) if error else "it was closed by the other side"
        return ConnectionLost(
            f"the connection to {self._access.address} was lost: {reason}; what was done until then stays, and another"
            " run completes it"
        )


def _values(words: Iterable[str]) -> tuple[dict[str, str], str]:
    values, tag = {}, ""
    for word in words:
        if word.startswith("="):
            name, _equals, value = word[1:].partition("=")
            values[name] = value
        elif word.startswith(".tag="):
            tag = word[len(".tag=") :]
    return values, tag


def _log_in(access: Access) -> Any:
    if librouteros is None:
        raise MissingLibrary(
            f"{sys.executable} has no librouteros. Install it there (pip install librouteros), or let the"
            " ansible_python_interpreter of this router be a Python that has it, such as {{ ansible_playbook_python }}"
        )
    # It would log every word, the password too, where someone turns debugging on.
    logging.getLogger("librouteros").disabled = True
    try:
        return librouteros.connect(
            access.hostname,
            access.username,
            access.password,
            port=access.resolved_port,
            timeout=access.timeout,
            encoding=access.encoding,
            ssl_wrapper=tls_wrapper(access) if access.tls else None,
        )
    except (TrapError, MultiTrapError) as error:
        raise _refused_login(access, str(error)) from None
    except (LibRouterosError, ConnectionResetError, BrokenPipeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error) or type(error).__name__
        raise NotConnected(
            f"{access.address} ended the connection during the login: {reason}; it may have no free session, or not"
            " admit this address: /ip service print shows on the router which it admits (address)"
        ) from None
    except ssl.SSLError as error:
        raise refused_tls(access, error) from None
    except OSError as error:
        raise _unreachable(access, error) from None


def _unreachable(access: Access, error: OSError) -> NotConnected:
    service = "api-ssl" if access.tls else "api"
    other = "tls=false is for the service api" if access.tls else "tls=true is for the service api-ssl"
    look = f"/ip service print shows its port and the addresses that it admits; {other}"
    if isinstance(error, ConnectionRefusedError):
        hint = f"its service {service} is off or has another port. On the router: /ip service enable {service}; {look}"
    elif isinstance(error, socket.gaierror):
        hint = "correct hostname (wireguard_routeros.hostname or ansible_host), or the DNS of the machine that asks"
    elif isinstance(error, socket.timeout) or error.errno == errno.ETIMEDOUT:
        hint = (
            f"the router is off, or a firewall drops TCP port {access.resolved_port} on the way or in its own"
            f" /ip firewall filter, chain input; {look}"
        )
    else:
        hint = f"is there a route to {access.hostname}?"
    return NotConnected(f"there is no connection to {access.address}: {reason_of(error)}; {hint}")


def _refused_login(access: Access, message: str) -> LoginRefused | NoPrivilege:
    if "permission" in message.lower():
        return NoPrivilege(f"{access.address} does not let the user {access.username} in: {message}; {_POLICY_HINT}")
    return LoginRefused(
        f"{access.address} refused the user {access.username}: {message}; user or password is wrong, or {_POLICY_HINT}"
    )
