# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences as bytes, by the examples and limits of MikroTik's manual."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.wire import (
    SentenceDecoder,
    encode_sentence,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import BrokenReply

LENGTHS = [
    (0x7F, b"\x7f"),
    (0x80, b"\x80\x80"),
    (0x3FFF, b"\xbf\xff"),
    (0x4000, b"\xc0\x40\x00"),
    (0x1FFFFF, b"\xdf\xff\xff"),
    (0x200000, b"\xe0\x20\x00\x00"),
]

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)
sentences = st.lists(st.lists(words, min_size=1, max_size=5).map(tuple), max_size=5)


def test_a_sentence_is_its_words_and_an_empty_one() -> None:
    assert encode_sentence(["/login", "=name=a"], "utf-8") == b"\x06/login\x07=name=a\x00"


@pytest.mark.parametrize(("length", "head"), LENGTHS)
def test_the_length_has_as_many_bytes_as_it_needs(length: int, head: bytes) -> None:
    encoded = encode_sentence(["x" * length], "utf-8")
    assert encoded[: len(head)] == head
    assert SentenceDecoder("utf-8").feed(encoded) == [("x" * length,)]


@given(sentences, st.integers(1, 7))
def test_sentences_survive_however_the_bytes_arrive(expected: list[tuple[str, ...]], size: int) -> None:
    data = b"".join(encode_sentence(sentence, "utf-8") for sentence in expected)
    decoder = SentenceDecoder("utf-8")
    got = [each for start in range(0, len(data), size) for each in decoder.feed(data[start : start + size])]
    assert got == expected


def test_empty_sentences_are_left_out() -> None:
    assert SentenceDecoder("utf-8").feed(b"\x00\x00\x05!done\x00\x00") == [("!done",)]


def test_what_is_no_text_is_given_back_as_it_came() -> None:
    [sentence] = SentenceDecoder("utf-8").feed(b"\x02\xff\xfe\x00")
    assert encode_sentence(sentence, "utf-8") == b"\x02\xff\xfe\x00"


def test_a_control_byte_is_no_sentence() -> None:
    with pytest.raises(BrokenReply, match="0xf8"):
        SentenceDecoder("utf-8").feed(b"\xf8")
