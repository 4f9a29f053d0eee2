# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A raw client of the API that hides nothing: sentences in, sentences out, nothing converted."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field

Sentence = list[str]


def word(text: str) -> bytes:
    """One word; two length forms are enough for tests."""
    data = text.encode()
    return (bytes([len(data)]) if len(data) < 0x80 else (len(data) | 0x8000).to_bytes(2, "big")) + data


def sentence(*words: str) -> bytes:
    """One sentence."""
    return b"".join(map(word, words)) + b"\0"


@dataclass
class Answer:
    """What one untagged command was answered."""

    rows: list[dict[str, str]] = field(default_factory=list)
    ret: str | None = None
    trap: str | None = None
    category: str | None = None
    empty: bool = False


class Client:
    """A connection, logged in unless told otherwise."""

    def __init__(
        self,
        port: int,
        user: str = "admin",
        password: str = "",
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.socket: socket.socket = socket.create_connection((host, port), timeout=10)
        try:
            if context is not None:
                self.socket = context.wrap_socket(self.socket)
            self._stream = self.socket.makefile("rb")
            if user and (trap := self.run("/login", f"=name={user}", f"=password={password}").trap) is not None:
                raise PermissionError(trap)
        except BaseException:
            self.socket.close()
            raise

    def send(self, *words: str) -> None:
        """Send one sentence."""
        self.socket.sendall(sentence(*words))

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _word(self) -> str:
        first = self._read(1)[0]
        further = sum(first >= start for start in (0x80, 0xC0, 0xE0, 0xF0))
        mask = (0x7F, 0x3F, 0x1F, 0x0F, 0x00)[further]
        length = int.from_bytes(bytes([first & mask]) + self._read(further), "big")
        return self._read(length).decode("utf-8")

    def receive(self) -> Sentence:
        """Wait for one sentence."""
        words = []
        while text := self._word():
            words.append(text)
        return words

    def run(self, *words: str) -> Answer:
        """Run one untagged command to its end."""
        self.send(*words)
        answer = Answer()
        while True:
            reply, *rest = self.receive()
            values = dict(each[1:].split("=", 1) for each in rest if each.startswith("="))
            if reply == "!re":
                answer.rows.append(values)
            elif reply == "!empty":
                answer.empty = True
            elif reply == "!trap":
                answer.trap, answer.category = values["message"], values.get("category")
            elif reply == "!done":
                answer.ret = values.get("ret")
                return answer
            else:
                raise EOFError(f"{reply} {rest}")

    def rows(self, menu: str, *words: str) -> list[dict[str, str]]:
        """Print a menu."""
        answer = self.run(f"{menu}/print", *words)
        assert answer.trap is None, answer.trap
        return answer.rows

    def add(self, menu: str, **values: str) -> str:
        """Add an item and give its id; underscores in names are dashes."""
        answer = self.run(f"{menu}/add", *attributes(values))
        assert answer.trap is None, answer.trap
        return answer.ret or ""

    def close(self) -> None:
        """End the connection."""
        self._stream.close()
        self.socket.close()


def attributes(values: dict[str, str]) -> list[str]:
    """Attribute words; underscores in names are dashes."""
    return [f"={name.replace('_', '-')}={text}" for name, text in values.items()]
