# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and prefixes by meaning, cheap enough for tens of thousands of them.

Rules of this file: values are immutable, ordered and hashable; equal meaning is equal value (`10.0.0.1` is
`10.0.0.1/32`, host bits of a prefix do not count, IPv6 text is compressed); nothing is resolved. The packed form is
what the kernel uses: 4 or 16 bytes in network order.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Mapping, NamedTuple, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue

# What words for an IP version mean, wherever people choose families.
FAMILIES: Mapping[str, int] = {"ipv4": 4, "ipv6": 6}

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_HOST_NAME = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$")
_LOOKS_NUMERIC = re.compile(r"^[0-9.]+$")
# Narrower than the standard library, whose versions differ in zones, and which takes masks too.
_ADDRESS_AND_LENGTH = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")
_ZONE = re.compile(r"[A-Za-z0-9_.=+@-]{1,15}")
_PORT = re.compile(r"[0-9]{1,5}")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.+))?")


class Prefix(NamedTuple):
    """A network: `packed` without host bits, `length` in bits."""

    packed: bytes
    length: int

    @property
    def version(self) -> int:
        """Give 4 or 6."""
        return 4 if len(self.packed) == 4 else 6

    @property
    def network(self) -> IPNetwork:
        """Give the same as the standard library's type."""
        return ipaddress.ip_network((self.packed, self.length))

    def contains(self, other: Prefix) -> bool:
        """Tell whether the other prefix lies within this one (equal counts)."""
        if len(other.packed) != len(self.packed) or other.length < self.length:
            return False
        return _masked(other.packed, self.length) == self.packed

    def overlaps(self, other: Prefix) -> bool:
        """Tell whether the two share an address."""
        return self.contains(other) or other.contains(self)

    def __str__(self) -> str:
        return f"{ipaddress.ip_address(self.packed)}/{self.length}"


class InterfaceAddress(NamedTuple):
    """An address on an interface together with the length of its on-link prefix."""

    packed: bytes
    length: int

    @property
    def version(self) -> int:
        """Give 4 or 6."""
        return 4 if len(self.packed) == 4 else 6

    @property
    def ip(self) -> IPAddress:
        """Give the address alone."""
        return ipaddress.ip_address(self.packed)

    @property
    def prefix(self) -> Prefix:
        """Give the on-link prefix."""
        return Prefix(_masked(self.packed, self.length), self.length)

    @property
    def host(self) -> Prefix:
        """Give the address as a prefix of full length (/32 or /128)."""
        return Prefix(self.packed, len(self.packed) * 8)

    def __str__(self) -> str:
        return f"{ipaddress.ip_address(self.packed)}/{self.length}"


class Endpoint(NamedTuple):
    """Where a peer is dialled: an address or a host name (lower case, never resolved here), and a UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return ("[{0}]:{1}" if ":" in self.host else "{0}:{1}").format(self.host, self.port)


def _masked(packed: bytes, length: int) -> bytes:
    size = len(packed)
    spare = size * 8 - length
    return (int.from_bytes(packed, "big") >> spare << spare).to_bytes(size, "big")


def parse_prefix(text: str) -> Prefix:
    """Parse `10.0.0.0/8`, `10.0.0.1` or their IPv6 twins; host bits are dropped. Raises InvalidValue."""
    try:
        network = ipaddress.ip_network(_address_and_length(text), strict=False)
    except ValueError:
        raise InvalidValue("is no prefix: write ADDRESS/LENGTH") from None
    return Prefix(network.network_address.packed, network.prefixlen)


def parse_interface_address(text: str) -> InterfaceAddress:
    """Parse `10.0.0.1/24` or `10.0.0.1` (full length). Raises InvalidValue."""
    try:
        interface = ipaddress.ip_interface(_address_and_length(text))
    except ValueError:
        raise InvalidValue("is no address: write ADDRESS/LENGTH") from None
    return InterfaceAddress(interface.ip.packed, interface.network.prefixlen)


def _address_and_length(text: str) -> str:
    stripped = text.strip()
    if not _ADDRESS_AND_LENGTH.fullmatch(stripped):
        raise ValueError(text)
    return stripped


def parse_host(text: str) -> str:
    """Parse an address or a host name into its one spelling, without resolving it. Raises InvalidValue."""
    host = text.strip()
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    address, percent, zone = bare.partition("%")
    if percent and not (":" in address and _ZONE.fullmatch(zone)):
        raise InvalidValue("has no valid zone after the %")
    try:
        return str(ipaddress.ip_address(address)) + percent + zone
    except ValueError:
        pass
    if _LOOKS_NUMERIC.match(host) or not _HOST_NAME.match(host):
        raise InvalidValue("is neither an address nor a host name")
    return host.lower()


def parse_port(text: str | int) -> int:
    """Parse a port from 0 to 65535. Raises InvalidValue."""
    digits = str(text).strip()
    if not _PORT.fullmatch(digits) or int(digits) > 65535:
        raise InvalidValue("is no port: it must be a number from 0 to 65535")
    return int(digits)


def parse_endpoint(text: str, default_port: int = 0) -> Endpoint:
    """Parse `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. Raises InvalidValue.

    Without a port in the text, default_port serves; where that is 0, a missing port is an error.
    """
    host, port = _split_endpoint(text.strip())
    number = parse_port(port) if port else default_port
    if not number:
        raise InvalidValue("has no port: write HOST:PORT")
    return Endpoint(parse_host(host), number)


def _split_endpoint(text: str) -> tuple[str, str]:
    if text.startswith("["):
        bracketed = _BRACKETED.fullmatch(text)
        if not bracketed:
            raise InvalidValue("is no endpoint: write [ADDRESS]:PORT")
        return bracketed[1], bracketed[2] or ""
    if text.count(":") > 1:
        return text, ""
    host, colon, port = text.partition(":")
    if colon and not port:
        raise InvalidValue("has no port after the colon")
    return host, port
