# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of options, from what a user wrote to what is meant.

Rules of this file: each parser takes one value, text or number, and raises InvalidValue; none repeats a secret.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Callable, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_host, parse_port
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    Key,
    PresharedKey,
    PrivateKey,
    clamp,
    decode_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import text

T = TypeVar("T")

# Linux: dev_valid_name() in net/core/dev.c, IFNAMSIZ 16 bytes with the closing zero. ASCII, so that each is one byte.
_INTERFACE_NAME = re.compile(r"[!-$&-.0-9;-~]{1,15}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_NUMBERS = re.compile(r"[0-9.]+")
_URL = re.compile(r"https?://([^\s/?#@]*@)?(\[[^\s\]]*\]|[^\s/?#@:\[\]]*)(:[0-9]*)?([/?#]\S*)?")


def whole_number(low: int, high: int) -> Callable[[Any], int]:
    """Make a parser for whole numbers in a range, both ends included."""

    def parse(value: Any) -> int:
        text = str(value).strip()
        number = int(text) if re.match(r"^[0-9]{1,10}$", text) and not isinstance(value, bool) else -1
        if not low <= number <= high:
            raise InvalidValue(f"must be a whole number from {low} to {high}, not {_quoted(value)}")
        return number

    return parse


def _quoted(value: Any) -> str:
    """Give what was written, for people: a number as it stands."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else f"'{value}'"


def parse_keepalive(value: Any) -> int:
    """Parse seconds, or `off`, which YAML takes for false; wg(8), "PersistentKeepalive"."""
    text = str(value).strip()
    if text == "off" or value is False:
        return 0
    return whole_number(0, 65535)(text[:-1] if text.endswith("s") else value)


def parse_fwmark(value: Any) -> int:
    """Parse a 32-bit mark, decimal or 0x hexadecimal, or `off`, which YAML takes for false; wg(8), "FwMark"."""
    text = str(value).strip().lower()
    if text in ("off", "false"):
        return 0
    if re.match(r"^0x[0-9a-f]{1,8}$", text):
        return int(text, 16)
    return whole_number(0, 0xFFFFFFFF)(value)


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


def parse_line(value: Any) -> str:
    """Parse what is to become a line of a file."""
    line = text(value).strip()
    if not line or not line.isprintable():
        raise InvalidValue("must be one line of printable text")
    return line


def parse_absolute_path(value: Any) -> str:
    if not text(value).startswith("/"):
        raise InvalidValue("is no absolute path")
    return parse_line(value)


def parse_address(value: Any) -> str:
    """Parse an address without a length, such as that of a name server, to its one spelling."""
    try:
        return str(ipaddress.ip_address(text(value).strip()))
    except ValueError:
        raise InvalidValue("is no address") from None


def parse_domain(value: Any) -> str:
    """Parse the name of a domain to its one spelling, without the dot of the root."""
    domain = text(value).strip().lower()
    domain = domain[:-1] if domain.endswith(".") else domain
    # Numbers alone are an address, or a slip that every resolver takes for another one.
    if not _DOMAIN.fullmatch(domain) or _NUMBERS.fullmatch(domain):
        raise InvalidValue("is no name of a domain")
    return domain


def parse_country(value: Any) -> str:
    """Parse a code of ISO 3166."""
    if not _COUNTRY.fullmatch(text(value)):
        raise InvalidValue("is no country: write its two letters, such as AU")
    return str(value).upper()


def is_url(source: str) -> bool:
    """Tell a URL from a path."""
    return source.startswith(("http://", "https://"))


def parse_source(value: Any) -> str:
    """Parse the URL of a file, or its absolute path."""
    source = parse_line(value)
    if is_url(source):
        _check_url(source)
    elif not source.startswith("/"):
        raise InvalidValue("is neither an absolute path nor an http(s) URL")
    return source


def _check_url(url: str) -> None:
    parts = _URL.fullmatch(url)
    try:
        host, port = (parts[2], (parts[3] or ":")[1:]) if parts else ("", "")
        parse_host(host)
        parse_port(port or "0")
    except InvalidValue:
        raise InvalidValue("is no URL: write http(s)://HOST/PATH") from None
    if parts and parts[1]:
        raise InvalidValue("has a user or a password, which are not sent: have the file fetched, and name its path")
