# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that ufw keeps in user.rules and user6.rules, and the words by which it is told others.

Rules of this file: no I/O. ufw notes each of its rules in a comment that begins with "### tuple ###"; only these are
read, since everything else follows from them. A rule that names no address is one for both IP versions, in one command.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    ACCEPT,
    DROP,
    TAG,
    ForeignChain,
    ForeignRule,
    user_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.rule_tests import (
    DESTINATION,
    IN_INTERFACE,
    OUT_INTERFACE,
    PORT,
    PROTOCOL,
    SOURCE,
    UNKNOWN,
    RuleTest,
    wanted_opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    FilterRule,
    Handle,
    Opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

FIREWALL = "ufw"
_TUPLE = "### tuple ### "
_ANY = ("any", "0.0.0.0/0", "::/0")
_SWITCH = re.compile(r"^\s*(\w+)\s*=\s*[\"']?(\w+)", re.MULTILINE)


def is_on(text: str, switch: str, default: bool) -> bool:
    """Tell whether a file of settings turns one of them on, such as ENABLED in ufw.conf."""
    found = dict(_SWITCH.findall(text))
    return str(found.get(switch, "yes" if default else "no")).lower() == "yes"


def parse_rules(text: str, version: int) -> dict[str, ForeignChain]:
    """Give ufw's rules for packets that come in and that are forwarded; what they leave over is dropped."""
    rules: dict[str, list[ForeignRule]] = {INPUT: [], FORWARD: []}
    for number, line in enumerate(text.splitlines()):
        if line.startswith(_TUPLE):
            fields = line[len(_TUPLE) :].split()
            chain = FORWARD if fields[0].startswith("route:") else INPUT
            rules[chain].append(_rule(Handle(FIREWALL, version, str(number)), fields, chain))
    return {
        chain: ForeignChain(FIREWALL, found, hook=chain, versions=frozenset([version]), drops=True)
        for chain, found in rules.items()
    }


def addition(opening: Opening, user: str) -> list[str]:
    """Give the words after `ufw` that put a rule before all others."""
    return [*_route(opening), "prepend", "allow", *_selectors(opening), "comment", TAG + user]


def removal(opening: Opening, action: str = "allow") -> list[str]:
    """Give the words after `ufw` that remove a rule."""
    return [*_route(opening), "delete", action, *_selectors(opening)]


def denials(chain: ForeignChain) -> Iterator[FilterRule]:
    """Give the rules that drop just the packets of an opening, which is then their entry."""
    for each in chain.rules:
        if each.verdict == DROP:
            entry = wanted_opening(each.tests, chain.hook, min(chain.versions))
            yield each.rule._replace(entry=entry._replace(firewall=FIREWALL) if entry else None)


def for_both(openings: Iterable[Opening]) -> list[Opening]:
    """Leave out what is said with an opening of the other IP version already."""
    found: dict[Opening, Opening] = {}
    for opening in openings:
        without = opening.source is None and opening.destination is None
        found.setdefault(opening._replace(version=0) if without else opening, opening)
    return list(found.values())


def _route(opening: Opening) -> list[str]:
    return ["route"] if opening.chain == FORWARD else []


def _selectors(opening: Opening) -> list[str]:
    words = ["in", "on", opening.in_interface] if opening.in_interface else []
    words += ["out", "on", opening.out_interface] if opening.out_interface else []
    words += ["proto", opening.protocol] if opening.protocol else []
    words += ["from", str(opening.source or "any"), "to", str(opening.destination or "any")]
    return words + (["port", str(opening.port)] if opening.port else [])


def _rule(handle: Handle, fields: Sequence[str], chain: str) -> ForeignRule:
    action = fields[0].rpartition(":")[2].partition("_")[0]
    comment = next((field[len("comment=") :] for field in fields if field.startswith("comment=")), "")
    plain = [field for field in fields if not field.startswith("comment=")]
    tests = tuple(_tests(plain)) if len(plain) == 7 else (UNKNOWN,)  # longer ones name applications
    if action == "limit":
        tests = (*tests, UNKNOWN)
    verdict = ACCEPT if action in ("allow", "limit") else DROP
    owner = user_of(_decoded(comment))
    entry = wanted_opening(tests, chain, handle.version) if owner and action == "allow" else None
    return ForeignRule(FilterRule(handle, owner, entry._replace(firewall=FIREWALL) if entry else None), tests, verdict)


def _tests(fields: Sequence[str]) -> Iterator[RuleTest]:
    _action, protocol, port, destination, source_port, source, direction = fields
    if source_port != "any":
        yield UNKNOWN
    if port != "any":
        yield RuleTest(PORT, frozenset([(protocol, int(port))])) if port.isdigit() and protocol != "any" else UNKNOWN
    elif protocol != "any":
        yield RuleTest(PROTOCOL, frozenset([protocol]))
    for field, value in ((SOURCE, source), (DESTINATION, destination)):
        if value not in _ANY:
            yield _prefix_test(field, value)
    for part in direction.split("!"):
        word, _line, interface = part.partition("_")
        if interface:
            yield RuleTest(IN_INTERFACE if word == "in" else OUT_INTERFACE, frozenset([interface]))


def _prefix_test(field: str, value: str) -> RuleTest:
    try:
        return RuleTest(field, frozenset([parse_prefix(value)]))
    except InvalidValue:  # a mask that is no length
        return UNKNOWN


def _decoded(comment: str) -> str:
    try:
        return bytes.fromhex(comment).decode("utf-8")
    except ValueError:
        return ""
