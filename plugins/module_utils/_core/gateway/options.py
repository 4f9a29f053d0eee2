# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a gateway, and what they say that one user needs of it.

Rules of this file: pure. An option is a list of items, each read by one function, which gives the parts of what is
needed and notes what is wrong with the item at its place. Nothing is taken for granted, since options may come out of
JSON that nobody has looked at.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, TypeVar, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    Clamp,
    Entry,
    Member,
    Opening,
    ProxyNdp,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    from_text,
    one_of,
    parse_interface_name,
    whole_number,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    ALL_FIREWALLS,
    FIREWALLS,
)

AUTO = "auto"  # the interface of the default route, to be found on the device
MASQUERADE, NO_TRANSLATION = "masquerade", "none"
_DNS_PORT = 53
_TUNNEL_PROTOCOL = "udp"

T = TypeVar("T")


class Outbound(NamedTuple):
    """Who is let out to anywhere, from which tunnel, through which interface (or `auto`), and translated how."""

    source: Prefix
    interface: str
    out_interface: str
    translation: str  # masquerade, none or an address


class ProxyArp(NamedTuple):
    """An interface on which the host answers for IPv4 addresses that it reaches elsewhere."""

    interface: str


class Family(NamedTuple):
    """A family that is forwarded."""

    name: str


Part = Union[Entry, Member, Outbound, ProxyArp, Family]


@dataclass(frozen=True)
class Needs:
    """What one user needs of a gateway, completely.

    `switches`, `settings` and `files` are empty at first: a backend says there, in terms of its device, what the rest
    comes to.
    """

    families: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    members: frozenset[Member] = frozenset()
    proxy_arp: frozenset[str] = frozenset()
    proxy_ndp: frozenset[ProxyNdp] = frozenset()
    answers_dns: bool = False  # the device itself is to answer the questions that are let in
    firewall: str = ALL_FIREWALLS
    switches: frozenset[str] = frozenset()
    settings: Mapping[Any, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)


class _Item:
    """One item of an option, the list of all problems, and the parser for names of interfaces on the device."""

    def __init__(self, place: str, value: Any, problems: list[Problem], parse_name: Callable[[Any], str]) -> None:
        self._place, self._value, self._problems = place, value, problems
        self.parse_name = parse_name

    def parsed(self, parse: Callable[[Any], T]) -> T | None:
        """Give the item itself, None where it is wrong."""
        return self._parsed(self._value, parse, self._place)

    def fields(self, **parsers: Callable[[Any], Any]) -> dict[str, Any] | None:
        """Give the fields of an item that has several, None where any is wrong. One that is left out is None."""
        if not isinstance(self._value, Mapping):
            self.wrong("must be a dictionary")
            return None
        before = len(self._problems)
        for name in sorted(map(str, self._value.keys() - parsers.keys())):
            self.wrong("is no option here", name)
        found = {
            name: self._parsed(self._value.get(name), parse, f"{self._place}.{name}") for name, parse in parsers.items()
        }
        return found if len(self._problems) == before else None

    def wrong(self, message: str, name: str = "") -> None:
        self._problems.append(Problem(f"{self._place}.{name}" if name else self._place, message))

    def _parsed(self, value: Any, parse: Callable[[Any], T], place: str) -> T | None:
        try:
            return parse(value)
        except InvalidValue as error:
            self._problems.append(Problem(place, str(error)))
            return None


def read_needs(options: Any, parse_name: Callable[[Any], str] = parse_interface_name) -> Needs:
    """Read the options of a gateway. Raises InvalidInput with all problems.

    `parse_name` says which names interfaces can have on its device.
    """
    if not isinstance(options, Mapping):
        raise InvalidInput([Problem("", "must be a dictionary")])
    problems = [
        Problem(name, "is no option of a gateway") for name in sorted(map(str, options.keys() - GATEWAY_OPTIONS))
    ]
    parts: list[Part] = []
    for name, read in _ITEMS.items():
        items = options.get(name)
        if items is None:
            continue
        if isinstance(items, (str, Mapping)) or not isinstance(items, Sequence):
            problems.append(Problem(name, "must be a list"))
            continue
        for index, item in enumerate(items):
            parts += read(_Item(f"{name}[{index}]", item, problems, parse_name))
    firewall = options.get("firewall")
    if firewall not in (None, *FIREWALLS):
        problems.append(Problem("firewall", f"must be one of {', '.join(FIREWALLS)}"))
    if problems:
        raise InvalidInput(problems)
    return Needs(
        families=tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Family))),
        entries=tuple(dict.fromkeys(part for part in parts if isinstance(part, (Opening, Translation, Clamp)))),
        outbound=tuple(part for part in parts if isinstance(part, Outbound)),
        members=frozenset(part for part in parts if isinstance(part, Member)),
        proxy_arp=frozenset(part.interface for part in parts if isinstance(part, ProxyArp)),
        proxy_ndp=frozenset(part for part in parts if isinstance(part, ProxyNdp)),
        answers_dns=bool(options.get("serve_dns")),
        firewall=firewall or ALL_FIREWALLS,
    )


def _required(parse: Callable[[Any], T]) -> Callable[[Any], T]:
    def read(value: Any) -> T:
        if value is None:
            raise InvalidValue("is missing")
        return parse(value)

    return read


def _optional(parse: Callable[[Any], T], default: T) -> Callable[[Any], T]:
    return lambda value: default if value is None else parse(value)


_prefix = _required(from_text(parse_prefix))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidValue("must be text")
    return value


def _translation(value: Any) -> str:
    if value in (MASQUERADE, NO_TRANSLATION):
        return str(value)
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError:
        raise InvalidValue(f"must be {MASQUERADE}, {NO_TRANSLATION} or an address, not '{value}'") from None


def _address6(value: Any) -> str:
    try:
        return str(ipaddress.IPv6Address(str(value)))
    except ValueError:
        raise InvalidValue(f"must be an IPv6 address, not '{value}'") from None


def _families(item: _Item) -> Iterable[Part]:
    name = item.parsed(one_of(*FAMILIES))
    return [Family(name)] if name else []


def _listen_ports(item: _Item) -> Iterable[Part]:
    port = item.parsed(whole_number(1, 65535))
    return [Opening(version, INPUT, _TUNNEL_PROTOCOL, port) for version in (4, 6) if port]


def _forward_pairs(item: _Item) -> Iterable[Part]:
    found = item.fields(local=_prefix, remote=_prefix, interface=_optional(item.parse_name, ""))
    if found is None:
        return ()
    local, remote, interface = found["local"], found["remote"], found["interface"]
    if local.version != remote.version:
        item.wrong(f"{local} and {remote} are not of one IP version")
        return ()
    return (
        Opening(local.version, FORWARD, source=remote, destination=local, in_interface=interface),
        Opening(local.version, FORWARD, source=local, destination=remote, out_interface=interface),
    )


def _list_members(item: _Item) -> Iterable[Part]:
    found = item.fields(list=_required(_text), interface=_required(_text))
    return [Member(**found)] if found else []


def _accept_from(item: _Item) -> Iterable[Part]:
    found = item.fields(source=_prefix, interface=_required(item.parse_name))
    if found is None:
        return ()
    return [Opening(found["source"].version, INPUT, source=found["source"], in_interface=found["interface"])]


def _serve_dns(item: _Item) -> Iterable[Part]:
    found = item.fields(source=_prefix, interface=_required(item.parse_name))
    if found is None:
        return ()
    source, interface = found["source"], found["interface"]
    return [
        Opening(source.version, INPUT, protocol, _DNS_PORT, source=source, in_interface=interface)
        for protocol in ("udp", "tcp")
    ]


def _outbound(item: _Item) -> Iterable[Part]:
    found = item.fields(
        source=_prefix,
        interface=_required(item.parse_name),
        out_interface=_optional(item.parse_name, AUTO),
        translation=_optional(_translation, MASQUERADE),
    )
    if found is None:
        return ()
    outbound = Outbound(**found)
    if outbound.out_interface == outbound.interface:
        item.wrong("is the tunnel itself, through which nobody gets out of it", "out_interface")
    if _is_address(outbound.translation) and _version(outbound.translation) != outbound.source.version:
        item.wrong(f"{outbound.translation} and {outbound.source} are not of one IP version", "translation")
    return [outbound]


def _is_address(translation: str) -> bool:
    return translation not in (MASQUERADE, NO_TRANSLATION)


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


def _clamp_mss(item: _Item) -> Iterable[Part]:
    interface = item.parsed(_required(item.parse_name))
    if interface is None:
        return ()
    directions = ({"in_interface": interface}, {"out_interface": interface})
    return [Clamp(version, **direction) for version in (4, 6) for direction in directions]


def _proxy_arp(item: _Item) -> Iterable[Part]:
    interface = item.parsed(_required(item.parse_name))
    return [ProxyArp(interface)] if interface else []


def _proxy_ndp(item: _Item) -> Iterable[Part]:
    found = item.fields(interface=_required(item.parse_name), address=_required(_address6))
    return [ProxyNdp(**found)] if found else []


_ITEMS: Mapping[str, Callable[[_Item], Iterable[Part]]] = {
    "forwarding": _families,
    "listen_ports": _listen_ports,
    "forward_pairs": _forward_pairs,
    "list_members": _list_members,
    "accept_from": _accept_from,
    "outbound": _outbound,
    "clamp_mss": _clamp_mss,
    "proxy_arp": _proxy_arp,
    "proxy_ndp": _proxy_ndp,
    "serve_dns": _serve_dns,
}
GATEWAY_OPTIONS = frozenset(_ITEMS) | {"firewall"}


def outbound_entries(outbound: Outbound, out_interface: str) -> tuple[Entry, ...]:
    """Give what lets someone out through an interface: translated first, so that nothing leaves as it is meanwhile."""
    source, version, tunnel = outbound.source, outbound.source.version, outbound.interface
    to_address = outbound.translation if _is_address(outbound.translation) else ""
    translation = Translation(version, source, out_interface, to_address)
    return (
        *([] if outbound.translation == NO_TRANSLATION else [translation]),
        Opening(version, FORWARD, source=source, in_interface=tunnel, out_interface=out_interface),
        Opening(version, FORWARD, destination=source, in_interface=out_interface, out_interface=tunnel, replies=True),
    )
