# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a packet filter as rules of nftables, in the words of libnftables-json(5), and back.

Rules of this file: no I/O. `tests_of` reads the matches of anybody's rule; what it does not know is an unknown test.
Only a rule that says neither more nor less than an entry is decoded to it: a counter does not count, everything else
does. nft leaves out what follows from other matches, so an IP version is told by an address as well as by itself.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Callable, Iterable, Mapping, Sequence, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.rule_tests import (
    DESTINATION,
    IN_INTERFACE,
    OUT_INTERFACE,
    PORT,
    PROTOCOL,
    SOURCE,
    STATE,
    UNKNOWN,
    VERSION,
    RuleTest,
    tests_for,
    wanted_opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    Clamp,
    Opening,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

Statement = Mapping[str, Any]
TableEntry = Union[Opening, Translation, Clamp]

_FAMILIES = {4: "ip", 6: "ip6"}
_VERSIONS = {"ip": 4, "ip6": 6}
_PROTO_VERSIONS = {"ipv4": 4, "ipv6": 6}
_META = {"iifname": IN_INTERFACE, "oifname": OUT_INTERFACE, "iif": IN_INTERFACE, "oif": OUT_INTERFACE}
_TRANSPORTS = ("tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "igmp", "ah", "esp", "comp")
_ANY_TRANSPORT = "th"  # the header of whichever of those that have ports
_ADDRESSES = {"saddr": SOURCE, "daddr": DESTINATION}
_SYN = {"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}}
# To the MTU of the route there or of the route back, whichever is less; the size is never raised (nft_exthdr.c).
_FIT = {"mangle": {"key": {"tcp option": {"name": "maxseg", "field": "size"}}, "value": {"rt": {"key": "mtu"}}}}


def encode_entry(entry: TableEntry) -> list[Statement]:
    """Give the statements of the rule that does what an entry says."""
    if isinstance(entry, Opening):
        return encode_opening(entry, "inet")
    if isinstance(entry, Clamp):
        return [*map(_match, _interface_tests(entry.version, entry.in_interface, entry.out_interface)), _SYN, _FIT]
    tests = [RuleTest(SOURCE, frozenset([entry.source])), RuleTest(OUT_INTERFACE, frozenset([entry.out_interface]))]
    change = {"snat": {"family": _FAMILIES[entry.version], "addr": entry.to_address}}
    return [*map(_match, tests), change if entry.to_address else {"masquerade": None}]


def encode_opening(opening: Opening, family: str) -> list[Statement]:
    """Give the statements of a rule that accepts, in a table of that family."""
    tests = [test for test in tests_for(opening) if family == "inet" or test.field != VERSION]
    return [*map(_match, tests), {"accept": None}]


def decode_opening(statements: Iterable[Statement], chain: str, family: str) -> Opening | None:
    """Give the opening that a rule in a table of that family amounts to, None where it is none."""
    *matches, action = [each for each in statements if "counter" not in each] or [{}]
    tests = tests_of(matches)
    if "accept" not in action or len(tests) != len(matches):
        return None
    return wanted_opening(tests, chain, _VERSIONS.get(family, 0))


def decode_entry(statements: Iterable[Statement], chain: str) -> TableEntry | None:
    """Give the entry that a rule amounts to, None where it is none. `chain` is input, forward or another."""
    rest = [each for each in statements if "counter" not in each]
    if not rest:
        return None
    *matches, action = rest
    decode = next((function for word, function in _ACTIONS.items() if word in action), None)
    return decode(matches, action, chain) if decode else None


def tests_of(statements: Iterable[Statement]) -> tuple[RuleTest, ...]:
    """Give what a rule asks of its packets."""
    return tuple(test_of(each["match"]) for each in statements if "match" in each)


def _interface_tests(version: int, in_interface: str, out_interface: str) -> list[RuleTest]:
    tests = [RuleTest(VERSION, frozenset([version]))]
    tests += [RuleTest(IN_INTERFACE, frozenset([in_interface]))] if in_interface else []
    return tests + ([RuleTest(OUT_INTERFACE, frozenset([out_interface]))] if out_interface else [])


def _match(test: RuleTest) -> Statement:
    left, right = _ENCODERS[test.field](test.values)
    return {"match": {"op": "in" if test.field == STATE else "==", "left": left, "right": right}}


def _address(field: str, values: Iterable[Any]) -> tuple[Any, Any]:
    (prefix,) = values
    network = prefix.network
    whole: Any = {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}
    if network.prefixlen == network.max_prefixlen:
        whole = str(network.network_address)
    return {"payload": {"protocol": _FAMILIES[prefix.version], "field": field}}, whole


def _meta(key: str) -> Callable[[Iterable[Any]], tuple[Any, Any]]:
    return lambda values: ({"meta": {"key": key}}, next(iter(values)))


_ENCODERS: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    VERSION: lambda values: ({"meta": {"key": "nfproto"}}, f"ipv{next(iter(values))}"),
    IN_INTERFACE: _meta("iifname"),
    OUT_INTERFACE: _meta("oifname"),
    PROTOCOL: _meta("l4proto"),
    SOURCE: lambda values: _address("saddr", values),
    DESTINATION: lambda values: _address("daddr", values),
    PORT: lambda values: (
        {"payload": {"protocol": next(iter(values))[0], "field": "dport"}},
        next(iter(values))[1],
    ),
    STATE: lambda values: ({"ct": {"key": "state"}}, sorted(values)),
}


def test_of(match: Mapping[str, Any]) -> RuleTest:
    """Give one match as a test."""
    if match.get("op") not in ("==", "in"):
        return UNKNOWN
    left = match.get("left")
    right = match.get("right")
    if not isinstance(left, Mapping):
        return UNKNOWN
    if isinstance(right, Mapping) and "set" in right:
        right = right["set"]
    values = right if isinstance(right, list) else [right]
    for word, decode in _DECODERS.items():
        if word in left and isinstance(left[word], Mapping):
            return decode(left[word], values) or UNKNOWN
    return UNKNOWN


def _meta_test(left: Mapping[str, Any], values: Sequence[Any]) -> RuleTest | None:
    key = left.get("key")
    if key in _META:
        return _plain(_META[str(key)], values)
    if key == "l4proto":
        return _plain(PROTOCOL, values)
    if key == "nfproto" and all(value in _PROTO_VERSIONS for value in values if isinstance(value, str)):
        return _plain(VERSION, [_PROTO_VERSIONS.get(value) for value in values if isinstance(value, str)])
    return None


def _payload_test(left: Mapping[str, Any], values: Sequence[Any]) -> RuleTest | None:
    protocol, field = str(left.get("protocol")), left.get("field")
    if protocol in _VERSIONS and field in _ADDRESSES:
        prefixes = [_prefix(value) for value in values]
        return None if None in prefixes else RuleTest(_ADDRESSES[str(field)], frozenset(prefixes))
    if protocol in _VERSIONS and field in ("protocol", "nexthdr"):
        return _plain(PROTOCOL, values)
    if field == "dport" and all(isinstance(value, int) for value in values):
        transport = "" if protocol == _ANY_TRANSPORT else protocol
        return RuleTest(PORT, frozenset((transport, value) for value in values))
    if protocol in _TRANSPORTS and field is not None:
        return RuleTest(PROTOCOL, frozenset([protocol]), partial=True)
    return None


_DECODERS: Mapping[str, Callable[[Mapping[str, Any], Sequence[Any]], RuleTest | None]] = {
    "meta": _meta_test,
    "payload": _payload_test,
    "ct": lambda left, values: _plain(STATE, values) if left.get("key") == "state" else None,
}


def _plain(field: str, values: Sequence[Any]) -> RuleTest | None:
    # A word that begins so is the name of a set, whose elements are not listed here.
    known = all(isinstance(value, (str, int)) and not str(value).startswith("@") for value in values) and values
    return RuleTest(field, frozenset(values)) if known else None


def _prefix(value: Any) -> Prefix | None:
    length = None
    if isinstance(value, Mapping):
        inner = value.get("prefix")
        if not isinstance(inner, Mapping):
            return None
        value, length = inner.get("addr"), inner.get("len")
    try:
        network = ipaddress.ip_network(str(value) if length is None else f"{value}/{length}", strict=False)
    except ValueError:
        return None
    return Prefix(network.network_address.packed, network.prefixlen)


def _decode_accept(matches: Sequence[Statement], _action: Statement, chain: str) -> TableEntry | None:
    tests = tests_of(matches)
    return wanted_opening(tests, chain) if len(tests) == len(matches) else None


def _decode_clamp(matches: Sequence[Statement], action: Statement, _chain: str) -> TableEntry | None:
    *others, last = matches or [{}]
    opening = _decode_accept(others, action, FORWARD)
    if action != _FIT or last != _SYN or not isinstance(opening, Opening):
        return None
    plain = Opening(opening.version, FORWARD, in_interface=opening.in_interface, out_interface=opening.out_interface)
    return Clamp(opening.version, opening.in_interface, opening.out_interface) if opening == plain else None


def _decode_translation(matches: Sequence[Statement], action: Statement, _chain: str) -> TableEntry | None:
    opening = _decode_accept(matches, action, FORWARD)
    if not isinstance(opening, Opening) or opening.source is None:
        return None
    options = action.get("snat") or {}
    to_address = str(options.get("addr", ""))
    entry = Translation(opening.version, opening.source, opening.out_interface, to_address)
    same = opening == Opening(entry.version, FORWARD, source=entry.source, out_interface=entry.out_interface)
    return entry if same and action == encode_entry(entry)[-1] else None


_ACTIONS: Mapping[str, Callable[[Sequence[Statement], Statement, str], TableEntry | None]] = {
    "accept": _decode_accept,
    "mangle": _decode_clamp,
    "masquerade": _decode_translation,
    "snat": _decode_translation,
}
