# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of other packet filters of the host, and where in them a rule of ours has to stand to be of any use.

Rules of this file: pure. An accept in one table does not overrule a drop in another: each chain that packets meet can
drop them. What a rule asks is not always known, and then packets may pass it and may not. Rules of ours are passed
over, whoever's they are, so that what is needed does not depend on what is there of ours already.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.rule_tests import (
    RuleTest,
    all_pass,
    may_pass,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FilterRule,
    Handle,
    Opening,
)

ACCEPT, DROP, RETURN, JUMP, GOTO = "accept", "drop", "return", "jump", "goto"
TAG = "wgfleet "  # and the user's name: the comment of our rules in the chains of others


class ForeignRule(NamedTuple):
    """A rule, or one branch of it, and the verdict on packets that pass its tests; "" for none."""

    rule: FilterRule
    tests: tuple[RuleTest, ...] = ()
    verdict: str = ""
    target: str = ""  # the chain of a jump or goto


class ForeignChain(NamedTuple):
    """A chain. One without a hook is reached from others of its table only."""

    firewall: str  # the name that openings in it carry
    rules: Sequence[ForeignRule] = ()
    hook: str = ""  # input or forward
    versions: frozenset[int] = frozenset()
    drops: bool = False  # what no rule has decided about


Chains = Mapping[str, ForeignChain]  # of one table, by name


class Wall(NamedTuple):
    """What would drop packets: a rule, or without one the end of the chain."""

    handle: Handle | None = None


def find_wall(name: str, chains: Chains, opening: Opening) -> Wall | None:
    """Give what in a chain would drop packets of an opening, None where they come through."""
    chain = chains[name]
    for each in chain.rules:
        if each.rule.owner or not all(may_pass(test, opening) for test in each.tests):
            continue
        if each.verdict == DROP or _may_drop_there(each, chains, opening, frozenset([name])):
            return Wall(each.rule.handle)
        if all(all_pass(test, opening) for test in each.tests):
            if each.verdict == ACCEPT:
                return None
            if each.verdict in (RETURN, GOTO):
                break
    return Wall() if chain.drops else None


def user_of(comment: object) -> str:
    """Give the user to whom a rule with this comment belongs, "" where it is not ours."""
    text = str(comment or "")
    return text[len(TAG) :] if text.startswith(TAG) else ""


def _may_drop_there(each: ForeignRule, chains: Chains, opening: Opening, seen: frozenset[str]) -> bool:
    """Tell whether the chain to which a rule leads may drop packets of an opening."""
    if each.verdict not in (JUMP, GOTO) or each.target in seen:
        return False
    if each.target not in chains:
        return True
    for inner in chains[each.target].rules:
        if inner.rule.owner or not all(may_pass(test, opening) for test in inner.tests):
            continue
        if inner.verdict == DROP or _may_drop_there(inner, chains, opening, seen | {each.target}):
            return True
        if inner.verdict in (ACCEPT, RETURN) and all(all_pass(test, opening) for test in inner.tests):
            return False
    return False
