# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which router this is: its version, and what is believed of it where no source is sure.

Rules of this file: each switch is one question that a real device should settle. The first choice is
what the simulator does unless told otherwise; a switch without choices takes any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

Release = tuple[int, int]
OLDEST: Release = (6, 43)  # the first that logs in by name and password in one sentence (API manual)


@dataclass(frozen=True)
class Switch:
    """One unconfirmed fact."""

    name: str
    choices: tuple[str, ...]
    question: str
    source: str = "inferred"  # of the first choice


def _free(name: str, default: str, question: str, source: str = "inferred") -> Switch:
    return Switch(name, (default,), question, source)


SWITCHES = {
    switch.name: switch
    for switch in (
        Switch("secrets-in-print", ("shown", "hidden"), "are keys readable without show-sensitive on 7.21+"),
        _free("bad-key", "invalid value for argument {}", "what a malformed key traps"),
        Switch("key-on-other-interface", ("accept", "refuse"), "one peer key on two interfaces"),
        Switch("allowed-overlap", ("accept", "refuse"), "one prefix for two peers of an interface"),
        Switch("port-conflict", ("not-running", "refuse"), "two interfaces on one listen-port"),
        Switch("listen-port-unset", ("random", "13231"), "the port of an interface made without one"),
        Switch("keepalive-zero", ("absent", "0s"), "how keepalive 0 is printed"),
        Switch("bare-allowed-address", ("with-length", "as-entered"), "how 10.0.0.2 is printed"),
        Switch("login-category", ("none", "0", "1", "2", "3", "4", "5"), "category of a refused login"),
        Switch("duplicate-category", ("none", "0", "1", "2", "3", "4", "5"), "category of a duplicate"),
        Switch("no-item-category", ("none", "0", "1", "2", "3", "4", "5"), "category of 'no such item'"),
        Switch("remove-list", ("all-or-nothing", "until-error"), "remove with one bad id in a list"),
        Switch("client-allowed-address", ("empty", "::/0"), "printed when unset"),
        Switch("unknown-proplist", ("ignore", "trap"), "a name in .proplist that the menu lacks"),
        Switch("absent-equals-empty", ("no", "yes"), "does ?comment= match rows without one"),
        _free("before-dummy", "failure: cannot move before dynamic", "place-before the fasttrack dummy"),
        _free("duplicate-list", "failure: already have interface list with such name", "text"),
        _free("duplicate-member", "failure: already have such entry", "text"),
        _free("duplicate-table", "failure: already have routing table with such name", "text"),
        _free("duplicate-name", "failure: already have item with such name", "text, other menus"),
        _free("duplicate-address6", "failure: already have such address", "text"),
        Switch("duplicate-route", ("accept", "refuse"), "two equal routes"),
        Switch("network-follows-address", ("yes", "no"), "does set address= recompute network"),
        Switch("orphan-peers", ("keep", "remove"), "peers of a removed interface"),
        Switch("empty-peer-name", ("chosen", "empty"), "what a peer is called whose name is set to nothing"),
        Switch("duplicate-peer-name", ("accept", "refuse"), "two peers of one name"),
        Switch("empty-allowed-address", ("accept", "refuse"), "a peer without any allowed address"),
        Switch("empty-private-key", ("new", "keep", "refuse"), "an interface whose private key is set to nothing"),
        Switch("export-text", ("silent", "in-reply"), "does /export without file answer text"),
        Switch("hidden-secret", ("stars", "absent"), "how a secret reads without policy sensitive", "REST samples"),
        Switch(
            "empty-secret", ("stars", "empty"), "how an unset secret reads without policy sensitive", "REST samples"
        ),
        _free("second-take", "failure: safe mode is held by another session", "text"),
        Switch("before-login", ("fatal", "trap"), "a command before login", "librouteros"),
        _free("login-without-api", "invalid user name or password (6)", "a user whose group lacks api"),
        _free("change-dynamic", "failure: can not change dynamic", "set of a dynamic row"),
        _free("remove-dynamic", "cannot remove builtin", "remove of a dynamic row", "mikrotik-mcp"),
        Switch("no-item-text", ("no such item", "no such item (4)"), "which of the two texts", "tik4net"),
        Switch("wireguard-link-local", ("yes", "no"), "has a WireGuard interface a fe80 address"),
        Switch("with-position", ("short", "long"), "the text for an interface name that is taken"),
        Switch("loopback", ("7.15", "always", "never"), "since when there is an interface lo"),
        Switch("full-table", ("close", "fatal"), "a connection beyond max-sessions"),
    )
}


def parse_release(text: str) -> Release:
    """Read ``7.16``, ``7.16.1`` or ``7.23rc1``; patch levels make no difference in any table."""
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"'{text}' is no RouterOS version such as 7.16.1")
    return int(found[1]), int(found[2])


@dataclass(frozen=True)
class Profile:
    """A version with the answers that are taken for granted, and the menus that it lacks, as without their package."""

    version: str = "7.22.2"
    answers: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def release(self) -> Release:
        """Major and minor number."""
        return parse_release(self.version)

    def since(self, major: int, minor: int) -> bool:
        """Whether the router is of this release or a newer one."""
        return self.release >= (major, minor)

    def lacks(self, menu: str) -> bool:
        """Whether a menu, or one above it, is among those that are not there."""
        return any(f"{menu}/".startswith(f"{each}/") for each in self.without)

    def __getitem__(self, switch: str) -> str:
        return self.answers.get(switch, SWITCHES[switch].choices[0])

    def category(self, switch: str) -> int | None:
        """Give the trap category that a switch holds."""
        return None if self[switch] == "none" else int(self[switch])

    def date(self, moment: datetime) -> str:
        """Print a date in the form of this version (exports)."""
        if self.since(7, 10):
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        return moment.strftime("%b/%d/%Y %H:%M:%S").lower()


def parse_answers(settings: Iterable[str]) -> dict[str, str]:
    """Read ``KEY=VALUE`` settings of switches."""
    answers = {}
    for setting in settings:
        name, _equals, value = setting.partition("=")
        switch = SWITCHES.get(name)
        if switch is None:
            raise ValueError(f"there is no switch '{name}'; there are {', '.join(SWITCHES)}")
        if len(switch.choices) > 1 and value not in switch.choices:
            raise ValueError(f"{name} is one of {', '.join(switch.choices)}, not '{value}'")
        answers[name] = value
    return answers
