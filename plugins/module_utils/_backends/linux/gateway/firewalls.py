# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filters of a host that others rule: who they are, what they let through of ours, and how they are told.

Rules of this file: nothing is compared. Each firewall gives its rules, says which openings it has to be told and in
which form, where a rule has to stand, and takes steps. Whoever manages a set of rules is told, and its rules are left
to it: firewalld and not its table, ufw and not its chains, iptables and not nftables, where iptables keeps its rules.
"""

from __future__ import annotations

import os
from typing import Any, Iterable, Mapping, Protocol, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import (
    firewalld_text,
    iptables_text,
    nft_chains,
    ufw_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import transaction
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.firewalld import Firewalld
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    Chains,
    Wall,
    find_wall,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_chains import TableName
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import Statement
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.opening_words import (
    with_openings,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import (
    ProgramError,
    find_program,
    run_program,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    AddEntry,
    Entry,
    FilterRule,
    FilterStep,
    Handle,
    MoveEntry,
    Opening,
    RemoveEntry,
)

Objects = Sequence[Mapping[str, Any]]  # of a listing of nftables' whole ruleset

_FIREWALLD_CHAIN = "INPUT_ZONES"  # of firewalld where it rules by iptables
_OUR_TABLES = "wgfleet"  # what all names of our tables begin with, whatever they are for
_NOBODY = "-probe"  # in rules that never come to be; no user's name begins so
_IPTABLES_TABLES = {TableName("ip", "filter"): ("iptables", 4), TableName("ip6", "filter"): ("ip6tables", 6)}
_LEGACY_TABLES = {"proc/net/ip_tables_names": ("iptables", 4), "proc/net/ip6_tables_names": ("ip6tables", 6)}
_UFW_RULES = {"etc/ufw/user.rules": 4, "etc/ufw/user6.rules": 6}


class Firewall(Protocol):
    """A packet filter of someone else."""

    name: str

    def rules(self) -> Sequence[FilterRule]:
        """Give its rules, as they were when it was found."""

    def told(self, openings: Sequence[Opening]) -> list[Opening]:
        """Give what it has to be told, in its own form."""

    def wall_of(self, opening: Opening) -> Handle | None:
        """Give the rule before which an opening has to stand, None where it may stand at the end."""

    def refusal(self, openings: Sequence[Opening]) -> str:
        """Tell why it cannot be told some of these openings, and which those are; "" where it can."""

    def apply(self, steps: Sequence[FilterStep], user: str) -> int:
        """Carry out steps and give the number of writes."""


class _Chains:
    """A firewall whose rules stand in chains, of one or several tables."""

    def __init__(self, name: str, tables: Iterable[Chains]) -> None:
        self.name = name
        self._tables = list(tables)

    def rules(self) -> list[FilterRule]:
        found = [each.rule for table in self._tables for chain in table.values() if chain.hook for each in chain.rules]
        return list(dict.fromkeys(found))

    def told(self, openings: Sequence[Opening]) -> list[Opening]:
        return [
            opening._replace(firewall=chain.firewall)
            for opening in openings
            for table in self._tables
            for name, chain in table.items()
            if self._wall(name, table, opening)
        ]

    def wall_of(self, opening: Opening) -> Handle | None:
        for table in self._tables:
            for name, chain in table.items():
                wall = self._wall(name, table, opening) if chain.firewall == opening.firewall else None
                if wall:
                    return wall.handle
        return None

    def refusal(self, openings: Sequence[Opening]) -> str:
        there = {rule.entry for rule in self.rules()}
        additions = [AddEntry(each, self.wall_of(each)) for each in self.told(openings) if each not in there]
        try:
            if additions:
                self._try(additions)
        except ProgramError as error:
            reason = f"{self.name.strip()} does not take the rules ({error})"
            return with_openings(reason, [each.entry for each in additions if isinstance(each.entry, Opening)])
        return ""

    def _try(self, steps: Sequence[FilterStep]) -> None:
        """Let the firewall look at steps without taking them. Raises ProgramError."""

    @staticmethod
    def _wall(name: str, table: Chains, opening: Opening) -> Wall | None:
        chain = table[name]
        concerns = chain.hook == opening.chain and opening.version in chain.versions
        return find_wall(name, table, opening) if concerns else None


class NftChains(_Chains):
    """Base chains of nftables that no known program manages."""

    def commands(self, steps: Sequence[FilterStep], user: str) -> list[Statement]:
        """Give the commands of nftables that carry out the steps."""
        found: list[Statement] = []
        for step in steps:
            if isinstance(step, (AddEntry, MoveEntry)) and isinstance(step.entry, Opening):
                found.append(nft_chains.encode_addition(step.entry, user, step.before))
            if isinstance(step, (MoveEntry, RemoveEntry)):
                found.append(nft_chains.encode_removal(step.handle))
        return found

    def apply(self, steps: Sequence[FilterStep], user: str) -> int:
        raise NotImplementedError  # its commands are part of the one transaction

    def _try(self, steps: Sequence[FilterStep]) -> None:
        run_program(["nft", "-c", "-j", "-f", "-"], transaction(self.commands(steps, _NOBODY)))


class Iptables(_Chains):
    """The filter table of one variant and version of iptables."""

    def __init__(self, program: str, version: int) -> None:
        variant = iptables_text.Variant(program, version)
        self._text = run_program([f"{program}-save", "-t", "filter"])
        chains = iptables_text.parse(self._text, variant)
        self._is_firewalld = _FIREWALLD_CHAIN in chains
        super().__init__(program, [chains])

    def refusal(self, openings: Sequence[Opening]) -> str:
        told = self.told(openings)
        if not self._is_firewalld or not told:
            return super().refusal(openings)
        advice = "set FirewallBackend=nftables in /etc/firewalld/firewalld.conf, or use firewall-cmd and firewall=own"
        return with_openings(f"firewalld rules by {self.name}, and would forget what is put there: {advice}", told)

    def apply(self, steps: Sequence[FilterStep], user: str) -> int:
        self._restore(steps, user)
        return 1

    def _try(self, steps: Sequence[FilterStep]) -> None:
        self._restore(steps, _NOBODY, "--test")

    def _restore(self, steps: Sequence[FilterStep], user: str, *options: str) -> None:
        changes = iptables_text.render_changes(steps, user, iptables_text.saved_rules(self._text))
        run_program([f"{self.name}-restore", "--noflush", "--wait", *options], changes)


class Ufw(_Chains):
    """ufw, by its own command."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._knows_ipv6 = 6 in texts
        super().__init__(ufw_text.FIREWALL, [ufw_text.parse_rules(text, version) for version, text in texts.items()])

    def refusal(self, openings: Sequence[Opening]) -> str:
        told = self.told(openings)
        # What has no source is for both versions, of which one may not be in use.
        unknown = [] if self._knows_ipv6 else [each for each in openings if each.version == 6 and each.source]
        if unknown:
            reason = "ufw does not let IPv6 through here: set IPV6=yes in /etc/default/ufw, and reload it"
            return with_openings(reason, [*told, *(each for each in unknown if not each.replies)])
        denied = {each.entry for table in self._tables for chain in table.values() for each in ufw_text.denials(chain)}
        opening = next((each for each in told if each in denied), None)
        if opening is None:
            return ""
        # ufw takes two rules for one that differ in nothing but what they do.
        words = " ".join(ufw_text.removal(opening, "deny"))
        return with_openings(f"ufw has a rule that denies just what is needed: ufw {words}", told)

    def told(self, openings: Sequence[Opening]) -> list[Opening]:
        return super().told([opening for opening in openings if not opening.replies])  # which ufw lets through itself

    def apply(self, steps: Sequence[FilterStep], user: str) -> int:
        removed = _openings(step.entry for step in steps if isinstance(step, (MoveEntry, RemoveEntry)))
        added = _openings(step.entry for step in steps if isinstance(step, (AddEntry, MoveEntry)))
        commands = [ufw_text.removal(each) for each in ufw_text.for_both(removed)]
        commands += [ufw_text.addition(each, user) for each in ufw_text.for_both(added)]
        for words in commands:
            run_program(["ufw", *words])
        return len(commands)


class Unreadable:
    """A firewall that is in force and cannot be read: it is told nothing, and nobody knows what it would have to be."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def rules(self) -> Sequence[FilterRule]:
        return ()

    def told(self, _openings: Sequence[Opening]) -> list[Opening]:
        return []

    def wall_of(self, _opening: Opening) -> Handle | None:
        return None

    def refusal(self, openings: Sequence[Opening]) -> str:
        return with_openings(self._reason, openings) if openings else ""

    def apply(self, _steps: Sequence[FilterStep], _user: str) -> int:
        raise NotImplementedError  # there is no step for it


def find_firewalls(objects: Objects, user: str, root: str) -> list[Firewall]:
    """Give the firewalls that are in force on a host, and stand-ins for those that cannot be read."""
    found: list[Firewall] = []
    tables = {TableName(each["table"]["family"], each["table"]["name"]) for each in objects if "table" in each}
    passed_over = {table for table in tables if table.name.startswith(_OUR_TABLES)}
    if firewalld_text.TABLE in tables:
        passed_over.add(firewalld_text.TABLE)
        found.append(Firewalld(objects, user, root))
    variants = _variants(objects, root)
    passed_over |= {table for table, (program, _version) in _IPTABLES_TABLES.items() if f"{program}-nft" in variants}
    ufw = _find_ufw(root)
    found += [ufw] if ufw else [_read_iptables(program, version) for program, version in variants.items()]
    return [*found, NftChains(nft_chains.PREFIX, nft_chains.decode_chains(objects, passed_over).values())]


def _variants(objects: Objects, root: str) -> dict[str, int]:
    """Give the programs of iptables that have a filter table here, each with its IP version."""
    chains = [each["chain"] for each in objects if "chain" in each]
    found = {}
    for table, (program, version) in _IPTABLES_TABLES.items():
        names = {chain["name"] for chain in chains if (chain["family"], chain["table"]) == table and "hook" in chain}
        if names and names <= {"INPUT", "FORWARD", "OUTPUT"} and find_program(f"{program}-nft-save"):
            found[f"{program}-nft"] = version
    for path, (program, version) in _LEGACY_TABLES.items():
        if "filter" in _text(root, path).split():
            found[f"{program}-legacy"] = version
    return found


def _read_iptables(program: str, version: int) -> Firewall:
    if not find_program(f"{program}-save"):
        return Unreadable(program, f"this kernel has rules of {program}, and the program is not installed")
    try:
        return Iptables(program, version)
    except ProgramError as error:
        return Unreadable(program, f"the rules of {program} cannot be read: {error}")


def _find_ufw(root: str) -> Ufw | None:
    if not ufw_text.is_on(_text(root, "etc/ufw/ufw.conf"), "ENABLED", default=False) or not find_program("ufw"):
        return None
    with_ipv6 = ufw_text.is_on(_text(root, "etc/default/ufw"), "IPV6", default=True)
    texts = {version: _text(root, path) for path, version in _UFW_RULES.items() if version == 4 or with_ipv6}
    return Ufw(texts)


def _text(root: str, path: str) -> str:
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _openings(entries: Iterable[Entry | None]) -> list[Opening]:
    return [entry for entry in entries if isinstance(entry, Opening)]
