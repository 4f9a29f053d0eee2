# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld, whose policies and zones are files of ours; it reads them when it is told to.

Rules of this file: firewalld makes new policies and zones in a reload only, which costs whatever was set without
--permanent. So a reload that would lose anything is refused, before anything is written.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import (
    firewalld_settings,
    firewalld_text,
    firewalld_zones,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.opening_words import (
    with_openings,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FilterRule,
    FilterStep,
    Handle,
    Opening,
)

DIRECTORIES = (firewalld_text.DIRECTORY, firewalld_zones.DIRECTORY)
_MANAGER = "run/NetworkManager"


class Firewalld:
    """The firewalld that rules a host, for one user."""

    name = firewalld_text.FIREWALL

    def __init__(self, objects: Sequence[Mapping[str, Any]], user: str, root: str) -> None:
        self._user, self._root = user, root
        self._rules = firewalld_text.decode_policies(user, policies_of(user, root), objects)
        own = _zones(root)
        texts = _texts(firewalld_zones.DIRECTORY, root)
        foreign = {_stem(path): text for path, text in texts.items() if path not in own}
        self._zones = {**firewalld_text.zones_of(objects), **firewalld_zones.interfaces_in(foreign)}
        self._lost: Sequence[str] | None = None

    def rules(self) -> Sequence[FilterRule]:
        return self._rules

    def told(self, openings: Sequence[Opening]) -> list[Opening]:
        return firewalld_text.told(openings, self._zones)

    def wall_of(self, _opening: Opening) -> Handle | None:
        return None

    def refusal(self, openings: Sequence[Opening]) -> str:
        told = self.told(openings)
        needed = files_of(self._user, [*openings, *told], self._root)
        there = standing_files(self._user, self._root)
        if (needed, set(told)) == (there, {rule.entry for rule in self._rules}):
            return ""
        reason = self.loss()
        return with_openings(reason, [each for each in openings if not each.replies]) if reason else ""

    def loss(self) -> str:
        """Tell what a reload would lose, "" for nothing."""
        if self._lost is None:
            sets = run_program(["firewall-cmd", "--get-ipsets"], may_fail=True).split()
            every = (*firewalld_settings.LISTINGS, *((f"--info-ipset={each}",) for each in sets))
            listings = [self._listed(*words) for words in every]
            running, permanent = ("\n\n".join(part) for part in zip(*listings))
            managed = os.path.exists(os.path.join(self._root, _MANAGER))
            self._lost = firewalld_settings.only_running(running, permanent, managed)
        return firewalld_settings.loss_words(self._lost) if self._lost else ""

    def apply(self, _steps: Sequence[FilterStep], _user: str) -> int:
        raise NotImplementedError  # it reads its files

    @staticmethod
    def _listed(*words: str) -> tuple[str, str]:
        """Give a listing of what runs, and of what is in the files."""
        commands = (["firewall-cmd", *words], ["firewall-cmd", "--permanent", *words])
        running, permanent = (run_program(command, may_fail=True) for command in commands)
        return running, permanent


def policies_of(user: str, root: str) -> dict[str, str]:
    """Give the files of a user's policies in firewalld's directory, by path."""
    texts = _texts(firewalld_text.DIRECTORY, root)
    return {path: text for path, text in texts.items() if firewalld_text.is_policy_of(user, text)}


def standing_files(user: str, root: str) -> dict[str, str]:
    """Give the files of a user as they stand, and those of all zones of ours, which users share, by path."""
    return {**_zones(root), **policies_of(user, root)}


def files_of(user: str, openings: Iterable[Opening], root: str) -> dict[str, str]:
    """Give the files that shall stand, by path: what firewalld is told, and the zones that anyone's policy names.

    `openings` are those of all firewalls; the interfaces are told by those of our own. The zones come first, since
    firewalld does not start with a policy whose zone is missing.
    """
    openings = list(openings)
    policies = firewalld_text.render_policies(
        user, [each for each in openings if each.firewall.startswith(firewalld_text.FIREWALL)]
    )
    named = firewalld_text.zones_in(policies.values())
    entered = {opening.in_interface for opening in openings if not opening.firewall}
    wanted = sorted(each for each in entered if firewalld_zones.zone_of(each) in named)
    default = _default_zone(root) if wanted else ""
    own = policies_of(user, root)
    every = _texts(firewalld_text.DIRECTORY, root)
    shared = firewalld_text.zones_in(text for path, text in every.items() if path not in own)
    zones = {path: text for path, text in _zones(root).items() if _stem(path) in shared}
    zones.update({firewalld_zones.zone_path(each): firewalld_zones.render_zone(each, default) for each in wanted})
    return {**zones, **policies}


def _zones(root: str) -> dict[str, str]:
    texts = _texts(firewalld_zones.DIRECTORY, root)
    return {path: text for path, text in texts.items() if firewalld_zones.is_zone_of_ours(text)}


def _default_zone(root: str) -> str:
    name = firewalld_zones.default_zone(_text(firewalld_zones.CONFIGURATION, root))
    found = (_text(f"{place}/{name}.xml", root) for place in firewalld_zones.PLACES)
    return next(filter(None, found), "")


def _texts(directory: str, root: str) -> dict[str, str]:
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(os.path.join(root, directory.lstrip("/"))))
    paths = [f"{directory}/{name}" for name in names if name.endswith(".xml")]
    return {path: _text(path, root) for path in paths}


def _text(path: str, root: str) -> str:
    with contextlib.suppress(OSError):  # which only root may read
        return read_text(os.path.join(root, path.lstrip("/")))
    return ""


def _stem(path: str) -> str:
    return path.rpartition("/")[2][: -len(".xml")]
