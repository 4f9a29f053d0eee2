# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filters of a host together: the table of one user, and what others have to be told for it.

Rules of this file: nothing is compared. nftables is listed once and written once; a transaction that the kernel would
refuse is refused before anything else is written. What cannot be read or managed is a sentence that says what to open.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import firewalld
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import transaction
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.firewalld import Firewalld
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.firewalls import (
    Firewall,
    NftChains,
    find_firewalls,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import (
    Statement,
    TableEntry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_table import (
    decode_table,
    encode_table,
)
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
    ProxyNdp,
    RemoveEntry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File

_FIREWALLD = "firewall-cmd"  # which is there where firewalld is
_PROBE = "-probe"  # of a table that never comes to be; no user's name begins so


class HostFilter:
    """The packet filters of the host whose files are below `root`, for the user `name`."""

    def __init__(self, name: str, root: str) -> None:
        self._name = name
        self._root = root
        self._nft = find_program("nft")
        self._firewalls: Sequence[Firewall] = ()
        self._own: Sequence[FilterRule] = ()
        self.problem = ""  # why packet filters cannot be read here

    def read(self) -> list[FilterRule]:
        """Give all rules that concern openings."""
        self._own, self._firewalls, self.problem = (), (), ""
        try:
            objects = self._list()
            self._own = decode_table(self._name, objects)
            self._firewalls = find_firewalls(objects, self._name, self._root)
        except ProgramError as error:
            self.problem = str(error)
        return [*self._own, *(rule for firewall in self._firewalls for rule in firewall.rules())]

    def impossible(self, entries: Sequence[Entry]) -> str:
        """Tell why the kernel would not take entries as rules, "" where it would. Changes nothing."""
        if self.problem:
            return with_openings(self.problem, _openings(entries))
        there = {rule.entry for rule in self._own}
        new = [entry for entry in _of_table(entries) if entry not in there]
        return self._refused(encode_table(_PROBE, new)) if new else ""

    def unmanageable(self, entries: Iterable[Entry]) -> str:
        """Tell why the firewall of someone else cannot be told, "" where all can."""
        openings = _openings(entries)
        return next(filter(None, (firewall.refusal(openings) for firewall in self._firewalls)), "")

    def for_others(self, entries: Iterable[Entry]) -> list[Opening]:
        """Give what the firewalls of others have to be told."""
        openings = _openings(entries)
        return [opening for firewall in self._firewalls for opening in firewall.told(openings)]

    def wall_of(self, entry: Entry) -> Handle | None:
        """Give the rule of someone else before which an entry has to stand."""
        if not isinstance(entry, Opening) or not entry.firewall:
            return None
        return self._firewall(entry.firewall).wall_of(entry)

    def paths(self) -> list[str]:
        """Give the paths of the files of a user that other firewalls read."""
        return list(firewalld.standing_files(self._name, self._root))

    def files(self, entries: Iterable[Entry], with_others: bool) -> dict[str, File]:
        """Give the files that shall stand for them, by path.

        A firewalld that is only stopped cannot be told anything, and goes on with what it was told when it starts.
        """
        openings = _openings(entries)
        if openings and with_others and not self._runs_firewalld() and find_program(_FIREWALLD):
            texts = firewalld.standing_files(self._name, self._root)
        else:
            texts = firewalld.files_of(self._name, openings, self._root)
        return {path: File.of_text(text) for path, text in texts.items()}

    def refuse_loss(self, steps: Sequence[FilterStep], changed: Iterable[str]) -> None:
        """Raise ProgramError where firewalld would have to be reloaded, and would lose something."""
        for each in self._firewalls:
            reason = each.loss() if isinstance(each, Firewalld) and self._needs_reload(steps, changed) else ""
            if reason:
                raise ProgramError(reason)

    def reload(self, steps: Sequence[FilterStep], changed: Iterable[str]) -> int:
        """Let firewalld, where it runs, read its files, if they or its rules differ. Gives the number of writes."""
        if not self._needs_reload(steps, changed):
            return 0
        run_program([_FIREWALLD, "--reload"])
        return 1

    def _needs_reload(self, steps: Sequence[FilterStep], changed: Iterable[str]) -> bool:
        differs = any(self._place_of(step) == Firewalld.name for step in steps)
        return self._runs_firewalld() and (differs or any(path.startswith(firewalld.DIRECTORIES) for path in changed))

    def _runs_firewalld(self) -> bool:
        return any(each.name == Firewalld.name for each in self._firewalls)

    def apply(self, steps: Sequence[FilterStep], entries: Sequence[Entry]) -> int:
        """Carry out steps, after which a user's own table has just these entries. Gives the number of writes."""
        writes = 0
        of_others: dict[str, list[FilterStep]] = {}
        commands: list[Statement] = []
        for step in steps:
            of_others.setdefault(self._place_of(step), []).append(step)
        if of_others.pop("", None):
            commands += encode_table(self._name, _of_table(entries))
        for firewall in self._firewalls:
            if isinstance(firewall, NftChains):
                commands += firewall.commands(of_others.pop(firewall.name, []), self._name)
        if commands:
            run_program([self._nft or "nft", "-j", "-f", "-"], transaction(commands))
            writes += 1
        of_others.pop(Firewalld.name, None)  # which reads its files later
        for name, chosen in of_others.items():
            writes += self._firewall(name).apply(chosen, self._name)
        return writes

    def _list(self) -> Sequence[Mapping[str, Any]]:
        if self._nft is None:
            raise ProgramError("there is no program nft here: install nftables")
        text = run_program([self._nft, "-j", "-t", "list", "ruleset"])
        try:
            return list(json.loads(text or '{"nftables": []}')["nftables"])
        except (ValueError, KeyError):
            raise ProgramError("nft does not print JSON: install an nftables that was built with it") from None

    def _refused(self, commands: Sequence[Statement]) -> str:
        try:
            run_program([self._nft or "nft", "-c", "-j", "-f", "-"], transaction(commands))
        except ProgramError as error:
            return f"this kernel, or the container, does not take the rules ({error})"
        return ""

    def _place_of(self, step: FilterStep) -> str:
        """Give the name of the firewall that a step concerns, "" for the table of our own."""
        entry = step.entry if isinstance(step, (AddEntry, MoveEntry)) else None
        name = step.handle.table if isinstance(step, RemoveEntry) else _firewall_of(entry)
        return next((each.name for each in self._firewalls if name.startswith(each.name)), "")

    def _firewall(self, name: str) -> Firewall:
        return next(each for each in self._firewalls if name.startswith(each.name))


def _of_table(entries: Iterable[Entry]) -> list[TableEntry]:
    """Give the entries that are in the table of our own."""
    return [entry for entry in entries if not isinstance(entry, ProxyNdp) and not _firewall_of(entry)]


def _openings(entries: Iterable[Entry]) -> list[Opening]:
    return [entry for entry in entries if isinstance(entry, Opening)]


def _firewall_of(entry: Entry | None) -> str:
    return entry.firewall if isinstance(entry, Opening) else ""
