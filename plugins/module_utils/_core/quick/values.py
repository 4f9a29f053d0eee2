# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a wg-quick file, each from and to its text.

Rules of this file: a parser takes the text behind `=` and gives the value or raises InvalidValue; no message repeats
the text, since a misplaced value may be a secret. What wg(8), wg-quick(8) and ip(8) accept is accepted (src/config.c
and src/wg-quick/linux.bash of wireguard-tools), but for slips that the C library lets pass silently, which are refused:
ports over 65535 (they wrap), names of services, IPv4 in the notations of 1983 (`10.1`, `010.0.0.1`), octal numbers.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Callable, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import AllowedIp
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    parse_host,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import Key, decode_key

BLANKS = " \t\n\v\f\r"  # what isspace(3) knows in the C locale; other blanks of Unicode are letters to the tools
MAX_UINT32 = 0xFFFFFFFF
MAX_INT32 = 0x7FFFFFFF

T = TypeVar("T")

_DIGITS = re.compile(r"^[0-9]+$", re.ASCII)
_HEX = re.compile(r"^0x[0-9a-f]+$", re.ASCII | re.IGNORECASE)
_OCTET_WITH_ZERO = re.compile(r"(^|[.:])0[0-9]+\.|\.0[0-9]", re.ASCII)  # inet_pton(3) refuses it
_TABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]*$", re.ASCII)
_DNS_SERVER = re.compile(r"^[0-9.]+$|:", re.ASCII)  # how wg-quick tells servers and search domains apart
_SEARCH_DOMAIN = re.compile(r"^[^\x00-\x20\x7f,#*?\[\]\\]+$")  # bash expands the others as patterns of file names
_LENGTHS = {str(IPv4Network((0, length)).netmask): str(length) for length in range(33)}
_BOOLEANS = {"true": True, "false": False}


def parse_decimal(text: str, maximum: int, meaning: str) -> int:
    """Parse digits only, leading zeros included, as strtoul(3) with base 10. Raises InvalidValue."""
    if not _DIGITS.match(text) or len(text.lstrip("0")) > 10 or int(text) > maximum:
        raise InvalidValue(f"is no {meaning}: it must be a number from 0 to {maximum}")
    return int(text)


def parse_port(text: str) -> int:
    """Parse a port. Raises InvalidValue."""
    return parse_decimal(text, 65535, "port")


def parse_keepalive(text: str) -> int:
    """Parse seconds or `off`. Raises InvalidValue."""
    return 0 if text.lower() == "off" else parse_decimal(text, 65535, "keepalive interval (or off)")


def render_keepalive(value: int) -> str:
    """Render seconds, 0 as `off`."""
    return str(value) if value else "off"


def parse_fwmark(text: str) -> int:
    """Parse a mark: decimal, hexadecimal behind a small `0x`, or `off`. Raises InvalidValue."""
    if text.lower() == "off":
        return 0
    if text.startswith("0x") and _HEX.match(text) and int(text, 16) <= MAX_UINT32:
        return int(text, 16)
    return parse_decimal(text, MAX_UINT32, "mark (or off)")


def render_fwmark(value: int) -> str:
    """Render a mark as wg(8) does."""
    return hex(value) if value else "off"


def _parse_c_number(text: str, maximum: int, meaning: str) -> int:
    # ip(8) takes a leading zero for octal; nobody who writes it means that.
    if _HEX.match(text) and int(text, 16) <= maximum:
        return int(text, 16)
    if len(text) > 1 and text.startswith("0"):
        raise InvalidValue(f"is no {meaning}: write it without a leading zero")
    return parse_decimal(text, maximum, meaning)


def parse_mtu(text: str) -> int:
    """Parse bytes, decimal or hexadecimal. Raises InvalidValue."""
    return _parse_c_number(text, MAX_INT32, "MTU")


def parse_table(text: str) -> int | str:
    """Parse `off`, `auto` (wg-quick knows them in small letters only), a number or a name. Raises InvalidValue."""
    if _TABLE_NAME.match(text):
        return text
    return _parse_c_number(text, MAX_UINT32, "routing table (or its name, off, auto)")


def parse_boolean(text: str) -> bool:
    """Parse `true` or `false`. Raises InvalidValue."""
    if text.lower() not in _BOOLEANS:
        raise InvalidValue("is neither true nor false")
    return _BOOLEANS[text.lower()]


def render_boolean(value: bool) -> str:
    """Render `true` or `false`."""
    return "true" if value else "false"


def parse_address(text: str) -> InterfaceAddress:
    """Parse an address with an optional length, or, IPv4 only, a netmask. Raises InvalidValue."""
    address, slash, length = text.partition("/")
    _require_strict_ip(address)
    length = _LENGTHS.get(length, length)
    if slash and str(parse_decimal(length, 128 if ":" in address else 32, "prefix length")) != length:
        raise InvalidValue("is no address: write its prefix length without a leading zero")  # ip(8) takes it for octal
    return _quietly(parse_interface_address, address + slash + length, "is no address")


def parse_allowed_ip(text: str) -> AllowedIp:
    """Parse a prefix, possibly with `+` or `-` before it; host bits do not count. Raises InvalidValue."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    address, slash, length = text[len(sign) :].partition("/")
    _require_strict_ip(address)
    if slash:  # strtoul(3) skips leading zeros, the standard library would take dots for a netmask
        length = str(parse_decimal(length, 128 if ":" in address else 32, "prefix length"))
    return AllowedIp(_quietly(parse_prefix, address + slash + length, "is no prefix"), sign)


def parse_quick_endpoint(text: str) -> Endpoint:
    """Parse HOST:PORT as wg(8) does: the last colon counts, brackets may surround any host. Raises InvalidValue."""
    if text.startswith("["):
        host, _bracket, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    else:
        host, colon, port = text.rpartition(":")
    if colon != ":" or not port:
        raise InvalidValue("is no endpoint: write HOST:PORT")
    return Endpoint(parse_host(host), parse_port(port))


def parse_dns(text: str) -> str:
    """Parse one word of DNS: the address of a server or a search domain. Raises InvalidValue."""
    if is_server(text):
        _require_strict_ip(text.partition("%")[0])
        return _quietly(parse_host, text, "is neither an address nor a search domain")
    if not _SEARCH_DOMAIN.match(text):
        raise InvalidValue("is neither an address nor a search domain")
    return text


def is_server(word: str) -> bool:
    """Tell whether wg-quick takes a word of DNS for a server's address."""
    return _DNS_SERVER.search(word) is not None


def parse_hook(text: str) -> str:
    """Parse a command, without `#`. Raises InvalidValue.

    wg-quick cuts the line at `#`; from 1.0.20260223 on it leaves that to bash, which takes most of them for remarks.
    """
    if not text or "#" in text or "\n" in text or "\0" in text:
        raise InvalidValue("is no command of one line without #")
    return text


def parse_name(text: str) -> str:
    """Parse the label of a peer: one line that prints. Raises InvalidValue."""
    if not text or not text.isprintable():
        raise InvalidValue("is no name: it must be one line of printable characters")
    return text


def key_parser(kind: type[Key]) -> Callable[[str], Key]:
    """Give the parser for one kind of key."""
    return lambda text: decode_key(text, kind)


def split_words(text: str) -> list[str]:
    """Split at commas and blanks as an unquoted bash word does: every one counts, empty words vanish."""
    return re.split(r"[ \t\n]+", text.replace(",", " ").strip(" \t\n")) if text.strip(", \t\n") else []


def _require_strict_ip(address: str) -> None:
    if "%" in address or _OCTET_WITH_ZERO.search(address):
        raise InvalidValue("is no address: zones and leading zeros are not allowed")


def _quietly(parse: Callable[[str], T], text: str, message: str) -> T:
    try:
        return parse(text)
    except InvalidValue:
        raise InvalidValue(message) from None
