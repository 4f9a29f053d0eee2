# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of options, from what a user wrote to what is meant.

Rules of this file: each parser takes one value, text or number, and raises InvalidValue; none repeats a secret.
"""

from __future__ import annotations

import re
from typing import Any, Callable, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    Key,
    PresharedKey,
    PrivateKey,
    clamp,
    decode_key,
)

T = TypeVar("T")

# Linux: dev_valid_name() in net/core/dev.c, IFNAMSIZ 16 bytes with the closing zero. ASCII, so that each is one byte.
_INTERFACE_NAME = re.compile(r"[!-$&-.0-9;-~]{1,15}")


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Make a parser for whole numbers in a range, both ends included."""

    def parse(value: Any) -> int:
        text = str(value).strip()
        number = int(text) if re.match(r"^[0-9]{1,10}$", text) and not isinstance(value, bool) else -1
        if not low <= number <= high:
            raise InvalidValue(f"must be a whole number from {low} to {high}, not '{value}'")
        return number

    return parse


def parse_keepalive(value: Any) -> int:
    """Parse seconds, or `off`, which YAML takes for false; wg(8), "PersistentKeepalive"."""
    text = str(value).strip()
    return 0 if text == "off" or value is False else whole_number(0, 65535)(text[:-1] if text.endswith("s") else text)


def parse_fwmark(value: Any) -> int:
    """Parse a 32-bit mark, decimal or 0x hexadecimal, or `off`, which YAML takes for false; wg(8), "FwMark"."""
    text = str(value).strip().lower()
    if text in ("off", "false"):
        return 0
    if re.match(r"^0x[0-9a-f]{1,8}$", text):
        return int(text, 16)
    return whole_number(0, 0xFFFFFFFF)(text)


def parse_interface_name(value: Any) -> str:
    """Parse the name of a network interface."""
    if not _INTERFACE_NAME.fullmatch(str(value)) or value in (".", ".."):
        raise InvalidValue(f"must have 1 to 15 ASCII characters, without white space and / : %, not '{value}'")
    return str(value)


def parse_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("must be true or false")
    return value


def one_of(*choices: T) -> Callable[[Any], T]:
    def parse(value: Any) -> T:
        if value not in choices:
            raise InvalidValue("must be one of {}".format(", ".join(map(str, choices))))
        return choices[choices.index(value)]

    return parse


def parse_label(value: Any) -> str:
    if not str(value).isprintable():  # it becomes a comment in files, and must not become a line of its own
        raise InvalidValue("must be one line of printable text")
    return str(value)


def from_text(parse: Callable[[str], T]) -> Callable[[Any], T]:
    return lambda value: parse(str(value))


def key_of(kind: type[Key]) -> Callable[[Any], Key]:
    return lambda value: decode_key(str(value), kind)


def parse_private_key(value: Any) -> PrivateKey:
    key = decode_key(str(value), PrivateKey)
    if not any(key.raw):
        raise InvalidValue("is no key: all its bytes are 0")
    return clamp(key.raw)  # as every device does, so that it is found again as it was given


def parse_preshared_key(value: Any) -> PresharedKey | None:
    if value == "":
        return None
    key = decode_key(str(value), PresharedKey)
    return key if any(key.raw) else None  # 0 is how WireGuard says "none"
