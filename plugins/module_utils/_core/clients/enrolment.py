# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client is added to what is declared, or revoked, by answers to a survey.

Rules of this file: pure. The declaration is verified as a whole, with the client in it, before anything is kept. What
is answered is the whole of a client: what was answered before and is not now is gone, but for its public key, which is
who it is. A client that is there already is not changed by chance, and who is to be revoked must be known: a slip of
the pen in a name is no success.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.added import (
    Added,
    told_by_source,
    with_added,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.answers import (
    CHANGE,
    LAST_DAY,
    NAME,
    NETWORK,
    QUESTIONS,
    SERVERS,
    Answers,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_reader import name_problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FULL,
    ROOT,
    Declaration,
    Derive,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    read_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Pinned, Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import find_problems
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day


class Situation(NamedTuple):
    """What there is before a client is added or revoked."""

    declared: Mapping[str, Any]  # the declaration as it was written
    added: Added
    source: str  # where the added ones are kept, for people
    registry: Registry
    today: Day
    hosts: tuple[str, ...] | None = None  # of the inventory
    derive: Derive | None = None


class Outcome(NamedTuple):
    """What there is afterwards."""

    network: str
    client: str
    added: Added
    servers: tuple[str, ...]  # who have to hear of it


def add_client(given: Mapping[str, Any], situation: Situation) -> Outcome:
    """Add a client, or change one. Raises InvalidInput with all problems."""
    answers = Answers(given)
    name = _new_name(answers, given)
    before = _verified(situation)
    network = _network(answers, list(before), list(before))
    declared = (situation.declared[network].get("clients") or {}) if network else {}
    if name in declared:
        answers.wrong(NAME, f"{name} is declared in {ROOT}.{network}.clients already: change it there")
    if not (name and network) or name in declared:
        raise InvalidInput(answers.problems)  # there is nothing to judge the other answers by
    own = situation.added.get(network, {}).get(name, {})
    fields = {**{key: own[key] for key in ("public_key",) if key in own}, **answers.fields()}
    if "via" not in fields:
        fields["via"] = _only_server(answers, before[network], fields.get("profile"))
    added = {**situation.added, network: {**situation.added.get(network, {}), name: fields}}
    client = _judged(answers, situation, added, before[network].client_place(name))[network].clients[name]
    if client.expired(situation.today):
        answers.wrong(LAST_DAY, f"{client.expires} is over already")
    if own and before[network].clients[name] == client:
        added = dict(situation.added)
    elif own and not answers[CHANGE]:
        words = QUESTIONS[CHANGE].words
        answers.wrong(
            NAME, f"{name} is in {network} already, and is not the same: answer yes to '{words}', or revoke it"
        )
    _stop_at_problems(answers)
    return Outcome(network, name, added, client.via)


def revoke_client(given: Mapping[str, Any], situation: Situation) -> Outcome:
    """Revoke a client that was added; one that was revoked already stays so. Raises InvalidInput with all problems."""
    answers = Answers(given)
    name = _name(answers)
    holders = [network for network, clients in situation.added.items() if name in clients]
    known = list(dict.fromkeys([*situation.declared, *situation.added]))
    network = _network(answers, known, holders if len(holders) == 1 else known)
    _stop_at_problems(answers)
    clients = dict(situation.added.get(network, {}))
    servers = clients.pop(name, {}).get("via", ())
    if network not in holders:
        _stop_unless_revoked(answers, situation, network, name)
    return Outcome(
        network, name, {**situation.added, network: clients} if network in holders else situation.added, tuple(servers)
    )


def _stop_at_problems(answers: Answers) -> None:
    if answers.problems:
        raise InvalidInput(answers.problems)


def _name(answers: Answers) -> str:
    """Give the name, or an empty one after a problem."""
    name: str | None = answers[NAME]
    if name is None:
        answers.wrong(NAME, "is missing")
    elif name_problem(name):
        answers.wrong(NAME, f"'{name}' {name_problem(name)}")
    else:
        return name
    return ""


def _new_name(answers: Answers, given: Mapping[str, Any]) -> str:
    """Give the name of a client to be, or an empty one after a problem.

    AWX hands answers over in a form that ansible-core reads like YAML without quotes since 2.19: 007 arrives as 7, and
    0x1f as 31. Such a client would get a name that nobody has typed.
    """
    name = _name(answers)
    if name and isinstance(given[NAME], int):
        answers.wrong(NAME, f"arrives as the number {name}, whatever was typed; begin the name with a letter")
        return ""
    return name


def _network(answers: Answers, known: list[str], candidates: list[str]) -> str:
    """Give the network's name, or an empty one after a problem."""
    network: str | None = answers[NETWORK]
    if network is None and len(candidates) == 1:
        return candidates[0]
    if network is None:
        answers.wrong(NETWORK, f"is missing: there is more than one, {', '.join(known)}")
    elif network not in known:
        answers.wrong(NETWORK, f"'{network}' is no network that is declared; there is {', '.join(known)}")
    else:
        return network
    return ""


def _joined(situation: Situation, added: Added) -> tuple[Declaration, list[Problem]]:
    """Read the declaration with added clients in it, and all that is wrong with it."""
    declaration, problems = read_declaration(with_added(situation.declared, added, situation.source))
    return declaration, [*problems, *find_problems(declaration, situation.hosts, situation.derive)]


def _verified(situation: Situation) -> Declaration:
    declaration, problems = _joined(situation, situation.added)
    if problems:
        raise InvalidInput(told_by_source(problems, situation.added, situation.source))
    return declaration


def _only_server(answers: Answers, network: Network, profile: Any) -> list[str]:
    """Give the server of a client that names none. Where there is a choice, that is a problem, and one is taken."""
    able = [name for name, member in network.members.items() if member.dialable and not member.external]
    fit = [name for name in able if profile != FULL or name in network.gateways] or able
    if len(fit) > 1:
        answers.wrong(SERVERS, f"is missing: there is more than one to choose from, {', '.join(fit)}")
    return fit[:1]


def _judged(answers: Answers, situation: Situation, added: Added, place: str) -> Declaration:
    """Verify the declaration with the new client in it, and see that there are addresses for all."""
    declaration, problems = _joined(situation, added)
    settled = settle(declaration, situation.registry, derive=situation.derive, today=situation.today)
    problems.extend(problem for problem in settled.problems if problem.place.startswith(ROOT))
    others = {
        network: {name: each for name, each in clients.items() if f"{ROOT}.{network}.clients.{name}" != place}
        for network, clients in added.items()
    }
    answers.blame(told_by_source(problems, others, situation.source), place)
    return declaration


def _stop_unless_revoked(answers: Answers, situation: Situation, network: str, name: str) -> None:
    """Refuse a name that is not, and was not, that of a client that was added."""
    declared = (situation.declared.get(network) or {}).get("clients") or {}
    there = situation.added.get(network, {})
    if name in declared:
        answers.wrong(NAME, f"{name} is declared in {ROOT}.{network}.clients: take it out there and run roadwarrior")
    elif name not in situation.registry.get(network, Pinned()).clients:
        near = get_close_matches(name, there, n=1)
        added = f"those that were added are {', '.join(there)}" if there else "none was added"
        hint = f"did you mean {near[0]}?" if near else added
        answers.wrong(NAME, f"there is no client {name} in {network}, and there was none lately; {hint}")
    _stop_at_problems(answers)
