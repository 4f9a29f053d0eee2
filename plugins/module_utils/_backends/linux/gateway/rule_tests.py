# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule of any packet filter asks of its packets, in words that nftables, iptables and ufw share.

Rules of this file: pure. A test names a field and the values that pass; a rule is all of its tests. What is not
understood is UNKNOWN: packets of an opening may pass it, and nobody knows that all do.
"""

from __future__ import annotations

import fnmatch
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import Opening

VERSION, PROTOCOL, PORT, STATE = "version", "protocol", "port", "state"
SOURCE, DESTINATION = "source", "destination"
IN_INTERFACE, OUT_INTERFACE = "in_interface", "out_interface"

REPLIES = frozenset(["established", "related"])


class RuleTest(NamedTuple):
    """Packets whose field has one of the values. A port's value is (protocol, number), without a protocol for any.

    A partial test asks for more than is said here: it may fail although the field has one of the values.
    """

    field: str
    values: frozenset[Any] = frozenset()
    partial: bool = False


UNKNOWN = RuleTest("")


def tests_for(opening: Opening) -> tuple[RuleTest, ...]:
    """Give the tests of a rule that accepts just the packets of an opening."""
    tests = [] if opening.source or opening.destination else [RuleTest(VERSION, frozenset([opening.version]))]
    for field in (IN_INTERFACE, OUT_INTERFACE, SOURCE, DESTINATION):
        value = getattr(opening, field)
        tests += [RuleTest(field, frozenset([value]))] if value else []
    if opening.port:
        tests.append(RuleTest(PORT, frozenset([(opening.protocol, opening.port)])))
    elif opening.protocol:
        tests.append(RuleTest(PROTOCOL, frozenset([opening.protocol])))
    return (*tests, RuleTest(STATE, REPLIES)) if opening.replies else tuple(tests)


def wanted_opening(tests: Sequence[RuleTest], chain: str, version: int = 0) -> Opening | None:
    """Give the opening that has just these tests, None where there is none. `version` is that of the whole table."""
    found: dict[str, Any] = {}
    for test in tests:
        values = set(test.values)
        if test.field == STATE:
            value: Any = True if values == REPLIES else None
        else:
            value = values.pop() if len(values) == 1 else None
        if test.partial or value is None or test.field in found:
            return None
        found[test.field] = value
    protocol, port = found.pop(PORT, ("", 0))
    versions = {each.version for each in map(found.get, (SOURCE, DESTINATION)) if each is not None}
    versions |= {each for each in (found.pop(VERSION, 0), version) if each}
    protocols = {each for each in (found.pop(PROTOCOL, ""), protocol) if each}
    if len(versions) != 1 or len(protocols) > 1 or "" in found:
        return None
    replies = found.pop(STATE, False)
    return Opening(versions.pop(), chain, protocol=(protocols or {""}).pop(), port=port, replies=replies, **found)


def may_pass(test: RuleTest, opening: Opening) -> bool:
    """Tell whether packets of the opening can pass the test."""
    check = _OVERLAPS.get(test.field)
    return check is None or any(check(value, opening) for value in test.values)


def all_pass(test: RuleTest, opening: Opening) -> bool:
    """Tell whether all packets of the opening pass the test, as far as that is known."""
    if test.partial or test.field not in _CONTAINS:
        return False
    if test.field == STATE:
        return test.values >= REPLIES and (opening.replies or "new" in test.values)
    return any(_CONTAINS[test.field](value, opening) for value in test.values)


def _same_interface(field: str, empty: bool) -> Callable[[Any, Opening], bool]:
    def check(value: Any, opening: Opening) -> bool:
        name = getattr(opening, field)
        return fnmatch.fnmatchcase(name, str(value)) if name else empty

    return check


def _same_port(value: Any, opening: Opening) -> bool:
    protocol, port = value
    return bool(port == opening.port and protocol in ("", opening.protocol))


def _overlaps(field: str) -> Callable[[Any, Opening], bool]:
    def check(value: Any, opening: Opening) -> bool:
        prefix = getattr(opening, field)
        return bool(value.version == opening.version and (prefix is None or value.overlaps(prefix)))

    return check


def _contains(field: str) -> Callable[[Any, Opening], bool]:
    def check(value: Any, opening: Opening) -> bool:
        prefix = getattr(opening, field)
        return prefix is not None and bool(value.contains(prefix))

    return check


_Checks = Mapping[str, Callable[[Any, Opening], bool]]
_OVERLAPS: _Checks = {
    VERSION: lambda value, opening: bool(value == opening.version),
    PROTOCOL: lambda value, opening: not opening.protocol or value == opening.protocol,
    PORT: lambda value, opening: not opening.port or _same_port(value, opening),
    STATE: lambda value, _opening: value != "invalid",  # packets of a connection, or of one that begins
    IN_INTERFACE: _same_interface(IN_INTERFACE, empty=True),
    OUT_INTERFACE: _same_interface(OUT_INTERFACE, empty=True),
    SOURCE: _overlaps(SOURCE),
    DESTINATION: _overlaps(DESTINATION),
}
_CONTAINS: _Checks = {
    **_OVERLAPS,
    PROTOCOL: lambda value, opening: bool(value == opening.protocol),
    PORT: _same_port,
    IN_INTERFACE: _same_interface(IN_INTERFACE, empty=False),
    OUT_INTERFACE: _same_interface(OUT_INTERFACE, empty=False),
    SOURCE: _contains(SOURCE),
    DESTINATION: _contains(DESTINATION),
}
