# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and sentences as bytes, both ways (API manual).

Rules of this file: no I/O. A word is a byte string after its length; a sentence is words up to a word of length zero.
Every length form is accepted for every length, the shortest is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# (first byte from, bits of the first byte that are no length, further bytes), as the API manual has them.
_FORMS = ((0xF0, 0xF0, 4), (0xE0, 0xE0, 3), (0xC0, 0xC0, 2), (0x80, 0x80, 1), (0x00, 0x00, 0))
_LIMITS = (0x80, 0x4000, 0x200000, 0x10000000, 0x100000000)
_PREFIXES = (0x00, 0x8000, 0xC00000, 0xE0000000, 0xF000000000)
CONTROL_BYTES = 0xF8


class WireError(ValueError):
    """These bytes are no sentence; the connection cannot be used any more."""


def encode_length(length: int) -> bytes:
    """Give the shortest form of a length."""
    for size, (limit, prefix) in enumerate(zip(_LIMITS, _PREFIXES, strict=True), start=1):
        if length < limit:
            return (length | prefix).to_bytes(size, "big")
    raise WireError(f"a word of {length} bytes cannot be sent")


def encode_sentence(words: Iterable[str]) -> bytes:
    """Give the bytes of a sentence, its end included."""
    coded = (word.encode("utf-8", "surrogateescape") for word in words)
    return b"".join(encode_length(len(word)) + word for word in coded) + b"\0"


class SentenceDecoder:
    """Takes bytes as they come and gives sentences as they end. Empty sentences are ignored (API manual)."""

    def __init__(self, maximum: int = 0xFFFFFFFF) -> None:
        self.maximum = maximum
        self._buffer = bytearray()
        self._words: list[str] = []

    @property
    def inside(self) -> bool:
        """Whether a sentence has begun that has not ended."""
        return bool(self._buffer or self._words)

    def feed(self, data: bytes) -> Iterator[list[str]]:
        """Give each sentence that these bytes complete."""
        self._buffer += data
        position = 0
        try:
            while (end := self._word_end(position)) is not None:
                start, position = end
                if start < position:
                    self._words.append(self._buffer[start:position].decode("utf-8", "surrogateescape"))
                elif self._words:
                    sentence, self._words = self._words, []
                    yield sentence
        finally:
            del self._buffer[:position]

    def _word_end(self, position: int) -> tuple[int, int] | None:
        """Where the word at a position starts and ends, None if it is not all there."""
        if position >= len(self._buffer):
            return None
        first = self._buffer[position]
        if first >= CONTROL_BYTES:
            raise WireError(f"control byte {first:#x}")
        mask, further = next((mask, further) for start, mask, further in _FORMS if first >= start)
        start = position + 1 + further
        if start > len(self._buffer):
            return None
        length = int.from_bytes(bytes([first & ~mask]) + self._buffer[position + 1 : start], "big")
        if length > self.maximum:
            raise WireError(f"a word of {length} bytes, more than {self.maximum}")
        return (start, start + length) if start + length <= len(self._buffer) else None
