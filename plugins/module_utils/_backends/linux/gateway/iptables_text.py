# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter table of iptables, as iptables-save(8) prints it and iptables-restore(8) takes changes to it.

Rules of this file: no I/O. Changes are one transaction with everything in it, and touch no rule but ours. A rule of
ours is removed by what it says, since numbers move; places are counted as they are after the lines before.
"""

from __future__ import annotations

import re
import shlex
from typing import Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    ACCEPT,
    DROP,
    GOTO,
    JUMP,
    RETURN,
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
    STATE,
    UNKNOWN,
    RuleTest,
    wanted_opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    AddEntry,
    FilterRule,
    FilterStep,
    Handle,
    MoveEntry,
    Opening,
    RemoveEntry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

HOOKS = {"INPUT": "input", "FORWARD": "forward"}
_CHAINS = {hook: name for name, hook in HOOKS.items()}
_PLAIN = re.compile(r"[^\s\"'\\]+")
_VERDICTS = {"ACCEPT": ACCEPT, "DROP": DROP, "REJECT": DROP, "RETURN": RETURN}


class Variant(NamedTuple):
    """One of the filter tables that iptables can have: which program's, and of which IP version."""

    program: str  # iptables-nft, ip6tables-nft, iptables-legacy or ip6tables-legacy
    version: int

    @property
    def firewall(self) -> str:
        """Give the name that openings in it carry."""
        return self.program


class SavedRule(NamedTuple):
    """A rule as it was printed: the words after -A CHAIN."""

    id: str
    words: tuple[str, ...]


def parse(text: str, variant: Variant) -> dict[str, ForeignChain]:
    """Give the chains of the filter table, by name."""
    policies: dict[str, str] = {}
    lines: list[list[str]] = []
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif table == "filter" and line.startswith(":"):
            name, policy = line[1:].split()[:2]
            policies[name] = policy
        elif table == "filter" and line.startswith("-A "):
            lines.append(shlex.split(line))
    return {
        name: ForeignChain(
            firewall=variant.firewall,
            rules=[
                _rule(number, words[2:], name, variant, policies)
                for number, words in enumerate(lines)
                if words[1] == name
            ],
            hook=HOOKS.get(name, ""),
            versions=frozenset([variant.version]),
            drops=policy == "DROP",
        )
        for name, policy in policies.items()
    }


def saved_rules(text: str) -> dict[str, list[SavedRule]]:
    """Give the rules of each chain of the filter table in the words in which they were printed."""
    found: dict[str, list[SavedRule]] = {}
    parts = text.partition("*filter")[2].partition("COMMIT")[0]
    lines = [shlex.split(line) for line in parts.splitlines() if line.startswith("-A ")]
    for number, words in enumerate(lines):
        found.setdefault(words[1], []).append(SavedRule(str(number), tuple(words[2:])))
    return found


def render(opening: Opening, user: str) -> list[str]:
    """Give the words of a rule after the name of its chain."""
    words: list[str] = []
    for option, value in (
        ("-s", opening.source),
        ("-d", opening.destination),
        ("-i", opening.in_interface),
        ("-o", opening.out_interface),
        ("-p", opening.protocol),
    ):
        words += [option, str(value)] if value else []
    if opening.port:
        words += ["-m", opening.protocol, "--dport", str(opening.port)]
    if opening.replies:
        words += ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"]
    return [*words, "-m", "comment", "--comment", TAG + user, "-j", "ACCEPT"]


def chain_of(opening: Opening) -> str:
    """Give the name of the chain in which an opening belongs."""
    return _CHAINS[opening.chain]


def render_changes(steps: Sequence[FilterStep], user: str, saved: Mapping[str, Sequence[SavedRule]]) -> str:
    """Give what iptables-restore has to be told. All steps are of one table, as it was saved."""
    places = {rule.id: (chain, rule) for chain, rules in saved.items() for rule in rules}
    order = {chain: [rule.id for rule in rules] for chain, rules in saved.items()}
    lines: list[str] = []

    def remove(identity: str) -> None:
        chain, rule = places[identity]
        order[chain].remove(identity)
        lines.append(_quoted(["-D", chain, *rule.words]))

    def add(opening: Opening, before: Handle | None) -> None:
        chain = chain_of(opening)
        rows = order.setdefault(chain, [])
        index = rows.index(before.id) if before is not None else len(rows)
        rows.insert(index, "")
        lines.append(_quoted(["-I", chain, str(index + 1), *render(opening, user)]))

    for step in steps:
        if isinstance(step, (MoveEntry, RemoveEntry)):
            remove(step.handle.id)
        if isinstance(step, (AddEntry, MoveEntry)) and isinstance(step.entry, Opening):
            add(step.entry, step.before)
    return "\n".join(["*filter", *lines, "COMMIT", ""])


def _quoted(words: Sequence[str]) -> str:
    """Give a line of iptables-restore, which knows double quotes only."""
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return " ".join(word if _PLAIN.fullmatch(word) else f'"{word}"' for word in escaped)


def _rule(number: int, words: Sequence[str], chain: str, variant: Variant, chains: Mapping[str, str]) -> ForeignRule:
    tests, comment, verdict, target = [], "", "", ""
    for negated, option, value in _options(words):
        if option == "--comment":
            comment = value
        elif option in ("-j", "-g"):
            to_chain = GOTO if option == "-g" else JUMP
            verdict, target = (to_chain, value) if value in chains else (_VERDICTS.get(value, ""), "")
            break  # what follows is about the target
        elif option != "-m":
            tests.append(UNKNOWN if negated else _test(option, value))
    owner, hook = user_of(comment), HOOKS.get(chain, "")
    implied = [test for test in tests if not (test.field == PROTOCOL and any(each.field == PORT for each in tests))]
    ports = _with_protocol(tests)
    if ports is not None:
        implied = [ports if test.field == PORT else test for test in implied]
    entry = wanted_opening(implied, hook, variant.version) if owner and hook and verdict == ACCEPT else None
    entry = entry._replace(firewall=variant.firewall) if entry else None
    handle = Handle(variant.firewall, variant.version, str(number))
    return ForeignRule(FilterRule(handle, owner, entry), tuple(implied), verdict, target)


def _with_protocol(tests: Sequence[RuleTest]) -> RuleTest | None:
    """Give the test for ports together with the protocol, which is another option."""
    protocol = next((value for test in tests if test.field == PROTOCOL for value in test.values), "")
    found = next((test for test in tests if test.field == PORT), None)
    return found and RuleTest(PORT, frozenset((protocol, port) for _any, port in found.values))


def _options(words: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """Give the options of a rule: whether it is negated, its name, and its values in one text."""
    negated, name = False, ""
    values: list[str] = []
    for word in words:
        if word == "!" or (word.startswith("-") and not (name == "--comment" and not values)):
            if name:
                yield negated, name, " ".join(values)
                negated, name, values = False, "", []
            if word == "!":
                negated = True
            else:
                name = word
        else:
            values.append(word)
    if name:
        yield negated, name, " ".join(values)


def _test(option: str, value: str) -> RuleTest:
    try:
        return _TESTS[option](value) if option in _TESTS else UNKNOWN
    except (ValueError, InvalidValue):  # a range, a mask that is no length
        return UNKNOWN


def _interface(field: str) -> Callable[[str], RuleTest]:
    return lambda value: RuleTest(field, frozenset([value[:-1] + "*" if value.endswith("+") else value]))


def _states(value: str) -> RuleTest:
    return RuleTest(STATE, frozenset(value.lower().split(",")))


def _ports(value: str) -> RuleTest:
    return RuleTest(PORT, frozenset(("", int(port)) for port in value.split(",")))


_TESTS: Mapping[str, Callable[[str], RuleTest]] = {
    "-s": lambda value: RuleTest(SOURCE, frozenset([parse_prefix(value)])),
    "-d": lambda value: RuleTest(DESTINATION, frozenset([parse_prefix(value)])),
    "-i": _interface(IN_INTERFACE),
    "-o": _interface(OUT_INTERFACE),
    "-p": lambda value: RuleTest(PROTOCOL, frozenset([value])),
    "--dport": _ports,
    "--dports": _ports,
    "--ctstate": _states,
    "--state": _states,
}
