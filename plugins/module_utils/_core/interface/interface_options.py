# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of an interface, as text and numbers, to what is desired.

Rules of this file: an option that is missing or None is unset; an empty one is an explicit "none". All problems are
found in one pass, each with its place (`peers[3].allowed_ips[0]`), and none repeats a secret. Cheap per peer: a host
can have tens of thousands.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import METHODS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DefaultRoute,
    DesiredInterface,
    DesiredPeer,
    Partial,
    T,
    Unset,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    MAIN_TABLE,
    Properties,
    Property,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import (
    INTERFACE_PROPERTIES,
    PEER_PROPERTIES,
    Parse,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_host,
    parse_interface_address,
    parse_port,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    PublicKey,
    without_keys,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    from_text,
    key_of,
    one_of,
    parse_boolean,
    parse_fwmark,
    parse_interface_name,
    parse_keepalive,
    parse_label,
    parse_preshared_key,
    parse_private_key,
    whole_number,
)

INTERFACE_OPTIONS = frozenset(
    {
        "name",
        "state",
        "private_key",
        "listen_port",
        "fwmark",
        "mtu",
        "enabled",
        "start",
        "addresses",
        "routes",
        "route_table",
        "route_metric",
        "rules",
        "peers",
        "purge_peers",
        "persist",
        "ignore_unknown_properties",
        "default_route",
        *INTERFACE_PROPERTIES,
    }
)
PEER_OPTIONS = frozenset(
    {
        "public_key",
        "state",
        "preshared_key",
        "endpoint_host",
        "endpoint_port",
        "allowed_ips",
        "persistent_keepalive",
        "name",
        *PEER_PROPERTIES,
    }
)
RULE_OPTIONS = frozenset(
    {"version", "priority", "table", "fwmark", "invert", "source", "destination", "suppress_prefixlength"}
)
DEFAULT_ROUTE_OPTIONS = frozenset({"method", "families", "table", "kill_switch", "keep"})
PERSIST_KINDS = ("none", "wg_quick", "networkd")
IPV6_MINIMUM_MTU = 1280  # RFC 8200, section 5
IPV6_DEFAULT_METRIC = 1024  # what Linux makes of metric 0 on IPv6


class _Reader:
    """Reads options and keeps every problem with its place."""

    def __init__(self, options: Mapping[str, Any], place: str, problems: list[Problem]) -> None:
        self._options = options
        self._place = place
        self.problems = problems

    def place(self, option: str) -> str:
        return f"{self._place}.{option}" if self._place else option

    def wrong(self, option: str, message: str) -> None:
        self.problems.append(Problem(self.place(option), without_keys(message)))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for option in sorted(map(str, self._options.keys() - known)):
            self.wrong(option, "is no option here; known are {}".format(", ".join(sorted(known))))

    def raw(self, option: str) -> Any:
        return self._options.get(option)

    def named(self, known: Mapping[str, Any]) -> list[str]:
        """Give those of the known options that are there."""
        return sorted(self._options.keys() & known.keys())

    def one(self, option: str, parse: Callable[[Any], T]) -> Partial[T]:
        value = self._options.get(option)
        if value is None:
            return UNSET
        try:
            return parse(value)
        except InvalidValue as error:
            self.wrong(option, str(error))
            return UNSET

    def many(self, option: str, parse: Callable[[str], T]) -> Partial[frozenset[T]]:
        values = self._options.get(option)
        if values is None:
            return UNSET
        if not isinstance(values, (list, tuple)):
            self.wrong(option, "is no list")
            return UNSET
        parsed = set()
        for index, value in enumerate(values):
            try:
                parsed.add(parse(str(value)))
            except InvalidValue as error:
                self.wrong(f"{option}[{index}]", f"'{value}' {error}")
        return frozenset(parsed)

    def section(self, option: str) -> _Reader | None:
        """Give a reader for a dictionary; None where there is none."""
        options = self._options.get(option)
        if options is not None and not isinstance(options, dict):
            self.wrong(option, "is no dictionary")
            return None
        return None if options is None else _Reader(options, self.place(option), self.problems)

    def inner(self, option: str) -> Iterator[tuple[int, _Reader]]:
        """Give a reader for each dictionary of a list, with its index."""
        values = self._options.get(option)
        if values is not None and not isinstance(values, (list, tuple)):
            self.wrong(option, "is no list")
            return
        for index, options in enumerate(values or ()):
            place = f"{option}[{index}]"
            if isinstance(options, dict):
                yield index, _Reader(options, self.place(place), self.problems)
            else:
                self.wrong(place, "is no dictionary")


def desired_interface(
    options: Mapping[str, Any], parse_name: Callable[[Any], str] = parse_interface_name
) -> DesiredInterface:
    """Read the options of one interface. Raises InvalidInput with all problems.

    `parse_name` says which names it can have on its device.
    """
    problems: list[Problem] = []
    reader = _Reader(options, "", problems)
    reader.refuse_unknown(INTERFACE_OPTIONS)
    name = reader.one("name", parse_name)
    if reader.raw("name") is None:
        reader.wrong("name", "is missing")
    peers = {index: peer for index, inner in reader.inner("peers") if (peer := _peer(inner))}
    desired = DesiredInterface(
        name="" if isinstance(name, Unset) else name,
        present=reader.one("state", one_of("present", "absent")) != "absent",
        private_key=reader.one("private_key", parse_private_key),
        listen_port=reader.one("listen_port", whole_number(0, 65535)),
        fwmark=reader.one("fwmark", parse_fwmark),
        mtu=reader.one("mtu", whole_number(68, 65535)),
        up=reader.one("enabled", parse_boolean),
        start=_or(reader.one("start", parse_boolean), True),
        addresses=reader.many("addresses", parse_interface_address),
        routes=_routes(reader),
        rules=_rules(reader),
        peers=tuple(peers.values()),
        # Where no peers are given, a list that could not be rendered must not empty the interface.
        purge_peers=_or(reader.one("purge_peers", parse_boolean), False) and reader.raw("peers") is not None,
        persist=reader.one("persist", one_of(*PERSIST_KINDS)),
        properties=_properties(reader, INTERFACE_PROPERTIES),
        ignore_unknown_properties=_or(reader.one("ignore_unknown_properties", parse_boolean), False),
        default_route=_default_route(reader),
    )
    _check_addresses(reader, desired)
    _check_mtu(reader, desired)
    _check_peers(reader, desired.private_key, peers)
    if problems:
        raise InvalidInput(problems)
    return desired


def desired_peer(options: Mapping[str, Any]) -> DesiredPeer:
    """Read the options of a single peer. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    peer = _peer(_Reader(options, "", problems))
    if problems or not peer:
        raise InvalidInput(problems)
    return peer


def _routes(reader: _Reader) -> Partial[frozenset[Route]]:
    destinations = reader.many("routes", parse_prefix)
    table = reader.one("route_table", whole_number(1, 0xFFFFFFFF))
    metric = reader.one("route_metric", whole_number(0, 0xFFFFFFFF))
    if isinstance(destinations, Unset):
        return UNSET
    table = MAIN_TABLE if isinstance(table, Unset) else table
    metric = 0 if isinstance(metric, Unset) else metric
    return frozenset(Route(prefix, table, route_metric(prefix, metric)) for prefix in destinations)


def route_metric(destination: Prefix, metric: int) -> int:
    """Give the metric in the one form in which it is compared: 0 is the system's default."""
    return 0 if destination.version == 6 and metric == IPV6_DEFAULT_METRIC else metric


def _rules(reader: _Reader) -> Partial[frozenset[Rule]]:
    rules = frozenset(_rule(inner) for _index, inner in reader.inner("rules"))
    return UNSET if reader.raw("rules") is None else rules


def _rule(reader: _Reader) -> Rule:
    reader.refuse_unknown(RULE_OPTIONS)
    if reader.raw("priority") is None:
        reader.wrong("priority", "is missing")
    rule = Rule(
        version=_or(reader.one("version", one_of(4, 6)), 4),
        priority=_or(reader.one("priority", whole_number(1, 32765)), 0),
        table=_or(reader.one("table", whole_number(1, 0xFFFFFFFF)), MAIN_TABLE),
        fwmark=_or(reader.one("fwmark", parse_fwmark), 0),
        invert=_or(reader.one("invert", parse_boolean), False),
        source=_or(reader.one("source", from_text(parse_prefix)), None),
        destination=_or(reader.one("destination", from_text(parse_prefix)), None),
        suppress_prefixlength=_or(reader.one("suppress_prefixlength", whole_number(0, 128)), None),
    )
    for option, prefix in (("source", rule.source), ("destination", rule.destination)):
        if prefix and prefix.version != rule.version:
            reader.wrong(option, f"{prefix} is no prefix of the rule's IP version {rule.version}")
    return rule


def _default_route(reader: _Reader) -> Partial[DefaultRoute]:
    section = reader.section("default_route")
    if section is None:
        return UNSET
    section.refuse_unknown(DEFAULT_ROUTE_OPTIONS)
    families = section.many("families", one_of(*FAMILIES))
    return DefaultRoute(
        method=_or(section.one("method", one_of(*METHODS)), METHODS[1]),
        versions=UNSET if isinstance(families, Unset) else frozenset(FAMILIES[family] for family in families),
        table=_or(section.one("table", whole_number(1, 0xFFFFFFFF)), DefaultRoute._field_defaults["table"]),
        kill_switch=_or(section.one("kill_switch", parse_boolean), False),
        keep=_or(section.many("keep", parse_prefix), frozenset()),
    )


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if isinstance(value, Unset) else value


def _peer(reader: _Reader) -> DesiredPeer | None:
    reader.refuse_unknown(PEER_OPTIONS)
    key = reader.one("public_key", key_of(PublicKey))
    if reader.raw("public_key") is None:
        reader.wrong("public_key", "is missing")
    peer = DesiredPeer(
        public_key=_or(key, None),
        present=reader.one("state", one_of("present", "absent")) != "absent",
        preshared_key=reader.one("preshared_key", parse_preshared_key),
        endpoint=_endpoint(reader),
        allowed_ips=reader.many("allowed_ips", parse_prefix),
        persistent_keepalive=reader.one("persistent_keepalive", parse_keepalive),
        name=reader.one("name", parse_label),
        properties=_properties(reader, PEER_PROPERTIES),
    )
    return None if isinstance(key, Unset) else peer


def _properties(reader: _Reader, known: Mapping[str, Parse]) -> Properties:
    values = {name: reader.one(name, known[name]) for name in reader.named(known)}
    return frozenset(Property(name, value) for name, value in values.items() if not isinstance(value, Unset))


def _endpoint(reader: _Reader) -> Partial[Endpoint | None]:
    if reader.raw("endpoint_host") == "":
        return None
    host = reader.one("endpoint_host", from_text(parse_host))
    port = reader.one("endpoint_port", parse_port)
    if reader.raw("endpoint_host") is None:
        if not isinstance(port, Unset):
            reader.wrong("endpoint_port", "needs endpoint_host beside it")
        return UNSET
    if reader.raw("endpoint_port") is None or port == 0:
        reader.wrong("endpoint_port", "is missing beside endpoint_host")
    if isinstance(host, Unset) or isinstance(port, Unset):
        return UNSET
    return Endpoint(host, port)


def _check_addresses(reader: _Reader, desired: DesiredInterface) -> None:
    # Linux: ipv6_add_addr() in net/ipv6/addrconf.c knows an address of an interface by its bytes alone.
    lengths: dict[bytes, InterfaceAddress] = {}
    for address in sorted(_or(desired.addresses, ())):
        first = lengths.setdefault(address.packed, address)
        if address.version == 6 and first != address:
            reader.wrong("addresses", f"{address} is there as {first} too: an IPv6 address has one length")


def _check_mtu(reader: _Reader, desired: DesiredInterface) -> None:
    mtu = _or(desired.mtu, IPV6_MINIMUM_MTU)
    if mtu >= IPV6_MINIMUM_MTU:
        return
    versions = {
        "addresses": {address.version for address in _or(desired.addresses, ())},
        "routes": {route.destination.version for route in _or(desired.routes, ())},
    }
    for option, present in versions.items():
        if 6 in present:
            reader.wrong("mtu", f"{mtu} is too small for the IPv6 in {option}: at least {IPV6_MINIMUM_MTU}")


def _check_peers(reader: _Reader, private_key: Partial[PrivateKey], peers: Mapping[int, DesiredPeer]) -> None:
    # Without the first and the last byte, which clamping changes.
    own = None if isinstance(private_key, Unset) else private_key.raw[1:-1]
    seen: dict[PublicKey, int] = {}
    owners: dict[Prefix, int] = {}
    for index, peer in peers.items():
        place = f"peers[{index}]"
        first = seen.setdefault(peer.public_key, index)
        if first != index:
            reader.wrong(place + ".public_key", f"is the same as that of peers[{first}]")
        if peer.public_key.raw[1:-1] == own:
            reader.wrong(place + ".public_key", "is this interface's private key: give the peer's public key")
        if isinstance(peer.allowed_ips, Unset) or not peer.present:
            continue
        for prefix in sorted(peer.allowed_ips):
            first = owners.setdefault(prefix, index)
            if first != index:
                reader.wrong(place + ".allowed_ips", f"{prefix} is also in peers[{first}].allowed_ips")
