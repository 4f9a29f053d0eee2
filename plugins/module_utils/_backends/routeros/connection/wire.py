# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences of the RouterOS API as bytes (MikroTik manual, "API", "Protocol").

Rules of this file: no input or output. A sentence is a sequence of words that an empty word ends; a word is its length
and its bytes. Lengths are in network order, with the number of further bytes in the first bits. What is no text in the
encoding is kept by surrogates, so that a foreign comment is given back as it came.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply

Sentence = Tuple[str, ...]

_ERRORS = "surrogateescape"


class _LengthForm(NamedTuple):
    below: int  # lengths below this have the form
    mark: int  # bits set in the first byte
    size: int  # bytes


_FORMS = (
    _LengthForm(0x80, 0x00, 1),
    _LengthForm(0x4000, 0x80, 2),
    _LengthForm(0x200000, 0xC0, 3),
    _LengthForm(0x10000000, 0xE0, 4),
    _LengthForm(0x100000000, 0xF0, 5),
)
_CONTROL = 0xF8  # and above: reserved


def encode_sentence(words: Sequence[str], encoding: str) -> bytes:
    """Encode the words and their end."""
    return b"".join(_encode_word(word.encode(encoding, _ERRORS)) for word in words) + b"\0"


def _encode_word(word: bytes) -> bytes:
    form = next(form for form in _FORMS if len(word) < form.below)
    return (len(word) | form.mark << 8 * (form.size - 1)).to_bytes(form.size, "big") + word


def _size_of_length(first: int) -> int:
    """Tell by its first byte how many bytes a length has."""
    if first >= _CONTROL:
        raise BrokenReply(f"the router sent the control byte {first:#x}, which has no meaning")
    return next(form.size for form in reversed(_FORMS) if first & form.mark == form.mark)


class SentenceDecoder:
    """Turns bytes as they arrive into sentences; empty sentences are left out."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._words: list[str] = []
        self._bytes = b""

    def feed(self, data: bytes) -> list[Sentence]:
        """Take more bytes and give the sentences that they complete. Raises BrokenReply."""
        self._bytes += data
        complete = []
        start = 0
        for word, end in self._split():
            start = end
            if word:
                self._words.append(word.decode(self._encoding, _ERRORS))
            elif self._words:
                complete.append(tuple(self._words))
                self._words = []
        self._bytes = self._bytes[start:]
        return complete

    def _split(self) -> Iterator[tuple[bytes, int]]:
        """Give each complete word and where it ends."""
        data, start = self._bytes, 0
        while start < len(data):
            first = data[start]
            size = 1 if first < 0x80 else _size_of_length(first)
            body = start + size
            if len(data) < body:
                return
            length = int.from_bytes(data[start:body], "big") & ~(_FORMS[size - 1].mark << 8 * (size - 1))
            if len(data) < body + length:
                return
            start = body + length
            yield data[body:start], start
