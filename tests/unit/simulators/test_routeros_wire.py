# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of the API: length forms, sentences in pieces, what is no sentence."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wire import (
    SentenceDecoder,
    WireError,
    encode_length,
    encode_sentence,
)

# The bounds of the API manual, written out.
LENGTHS = {
    0x00: "00",
    0x7F: "7f",
    0x80: "8080",
    0x3FFF: "bfff",
    0x4000: "c04000",
    0x1FFFFF: "dfffff",
    0x200000: "e0200000",
    0xFFFFFFF: "efffffff",
    0x10000000: "f010000000",
    0xFFFFFFFF: "f0ffffffff",
}


@pytest.mark.parametrize(("length", "coded"), LENGTHS.items(), ids=map(hex, LENGTHS))
def test_a_length_has_its_shortest_form(length: int, coded: str) -> None:
    assert encode_length(length).hex() == coded


@pytest.mark.parametrize("size", [1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000])
def test_a_word_of_any_form_comes_back(size: int) -> None:
    words = ["/x", "=name=" + "a" * size]
    assert list(SentenceDecoder().feed(encode_sentence(words))) == [words]


@pytest.mark.parametrize("form", ["8002", "c00002", "e0000002", "f000000002"])
def test_a_longer_form_than_needed_is_read(form: str) -> None:
    assert list(SentenceDecoder().feed(bytes.fromhex(form) + b"ab\0")) == [["ab"]]


def test_bytes_may_come_one_by_one() -> None:
    decoder = SentenceDecoder()
    data = encode_sentence(["/a", "=b=" + "c" * 200]) + encode_sentence(["/d"])
    found = [each for byte in data for each in decoder.feed(bytes([byte]))]
    assert found == [["/a", "=b=" + "c" * 200], ["/d"]]
    assert not decoder.inside


def test_empty_sentences_are_ignored() -> None:
    assert list(SentenceDecoder().feed(b"\0\0" + encode_sentence(["/a"]) + b"\0")) == [["/a"]]


def test_what_is_no_utf8_survives() -> None:
    (words,) = SentenceDecoder().feed(b"\x03=a\xff\0")
    assert encode_sentence(words) == b"\x03=a\xff\0"


def test_a_control_byte_is_no_length() -> None:
    with pytest.raises(WireError, match="control byte"):
        list(SentenceDecoder().feed(b"\xf8"))


def test_a_word_beyond_the_limit_is_refused_before_it_is_there() -> None:
    with pytest.raises(WireError, match="more than"):
        list(SentenceDecoder(maximum=10).feed(b"\x0b"))
