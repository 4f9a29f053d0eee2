# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, prefixes and hosts in the forms in which the router stores and prints them (exports, tik4net)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import Place, Plain
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import invalid

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
DOTTED = re.compile(r"[\d.]+")


def parse_interface(text: str, version: int | None, at: Place) -> Interface:
    """Read an address with or without length; trap what is none, or of the other family."""
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        raise invalid(at.argument) from None
    if version not in (None, found.version):
        raise invalid(at.argument)
    return found


def is_host_name(text: str) -> bool:
    """Tell whether a text can be the name of a host; digits and dots alone are a wrong address."""
    return bool(HOST_NAME.fullmatch(text)) and not DOTTED.fullmatch(text)


@dataclass(frozen=True)
class InterfaceAddress(Plain):
    """With length, host bits kept."""

    version: int | None = 4

    def parse(self, text: str, at: Place) -> str:
        """Add the length of a host where none is given."""
        return str(parse_interface(text, self.version, at))


@dataclass(frozen=True)
class AllowedAddress(Plain):
    """As of an interface, of both families; whether a bare address gets a length is not confirmed."""

    def parse(self, text: str, at: Place) -> str:
        """Keep host bits."""
        found = parse_interface(text, None, at)
        bare = "/" not in text and at.profile["bare-allowed-address"] == "as-entered"
        return str(found.ip) if bare else str(found)


@dataclass(frozen=True)
class RoutePrefix(Plain):
    """Host bits are masked."""

    version: int = 4

    def parse(self, text: str, at: Place) -> str:
        """Give the network."""
        return str(parse_interface(text, self.version, at).network)


@dataclass(frozen=True)
class HostAddress(Plain):
    """An address without length."""

    version: int | None = 4

    def parse(self, text: str, at: Place) -> str:
        """Refuse a prefix."""
        if "/" in text:
            raise invalid(at.argument)
        return str(parse_interface(text, self.version, at).ip) if text else ""


@dataclass(frozen=True)
class Host(Plain):
    """An address or a name, as entered; empty unsets."""

    def parse(self, text: str, at: Place) -> str:
        """Refuse what can be neither."""
        if text and not is_host_name(text):
            parse_interface(text, None, at)
            if "/" in text:
                raise invalid(at.argument)
        return text


@dataclass(frozen=True)
class MatchedAddress(Plain):
    """Of a firewall rule: a host without length, a prefix, a range; a range that is a prefix is printed as one."""

    version: int = 4
    masked: bool = False

    def parse(self, text: str, at: Place) -> str:
        """Keep a leading ``!``."""
        mark, bare = ("!", text[1:]) if text.startswith("!") else ("", text)
        first, dash, last = bare.partition("-")
        if not dash:
            return mark + self._shorten(parse_interface(first, self.version, at))
        lowest, highest = (int(parse_interface(end, self.version, at).ip) for end in (first, last))
        if lowest > highest:
            raise invalid(at.argument)
        size = highest - lowest + 1
        if size & (size - 1) == 0 and lowest % size == 0:  # a prefix
            length = (32 if self.version == 4 else 128) + 1 - size.bit_length()
            return mark + self._shorten(ipaddress.ip_interface(f"{first}/{length}"))
        return f"{mark}{ipaddress.ip_address(first)}-{ipaddress.ip_address(last)}"

    def _shorten(self, interface: Interface) -> str:
        single = interface.network.prefixlen == interface.max_prefixlen
        if single:
            return str(interface.ip)
        return str(interface.network) if self.masked else str(interface)


@dataclass(frozen=True)
class ListedAddress(Plain):
    """Of an address list: prefixes are masked; IPv6 hosts keep /128; what is no address is a DNS name."""

    version: int = 4

    def parse(self, text: str, at: Place) -> str:
        """Never trap but on nothing at all."""
        if is_host_name(text):
            return text
        found = MatchedAddress(self.version, masked=True).parse(text, at)
        return f"{found}/128" if self.version == 6 and "/" not in found and "-" not in found else found
