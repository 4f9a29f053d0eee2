# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a property may hold: how its text is checked, stored in canonical form and printed (exports, tik4net).

Rules of this file: a kind has no state; ``parse`` takes what a client sent and gives what is stored, or traps;
``render`` gives what is printed. Addresses are in ``address_forms``, names of other items in ``reference_forms``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import (
    ARGUMENT,
    Trap,
    invalid,
    no_match,
    out_of_range,
    trailing,
)


@dataclass(frozen=True)
class Place:
    """Where a text stands: the argument it is for, the router's profile, and how names are looked up.

    ``find`` takes (menu, name or id) and gives the id, ``name`` takes (menu, id) and gives the name; None if there is
    no such item.
    """

    argument: str
    profile: Profile
    find: Callable[[str, str], str | None]
    name: Callable[[str, str], str | None]


class Kind(Protocol):
    """What a property may hold. ``named`` kinds are checked before the format of the others (inferred)."""

    named: bool

    def parse(self, text: str, at: Place) -> str:
        """Give the canonical text."""

    def render(self, stored: str, at: Place) -> str:
        """Give the printed text."""


class Plain:
    """What is stored is what is printed."""

    named = False

    def render(self, stored: str, at: Place) -> str:
        """Give the stored text."""
        return stored


@dataclass(frozen=True)
class Text(Plain):
    """Any text."""

    longest: int = 0xFFFF

    def parse(self, text: str, at: Place) -> str:
        """Refuse what is too long."""
        if len(text) > self.longest:
            raise Trap(f"value of {at.argument} is too long", ARGUMENT)
        return text


@dataclass(frozen=True)
class Flag(Plain):
    """True or false; ``yes`` and ``no`` are taken too (tik4net)."""

    named = True

    def parse(self, text: str, at: Place) -> str:
        """Give ``true`` or ``false``."""
        known = {"yes": "true", "true": "true", "no": "false", "false": "false"}
        if text not in known:
            raise no_match(at.argument)
        return known[text]


@dataclass(frozen=True)
class Presence(Plain):
    """Set by being sent, whatever the value; printed with an empty value (terraform-routeros)."""

    def parse(self, text: str, at: Place) -> str:
        """Give the empty text."""
        return ""


@dataclass(frozen=True)
class Number(Plain):
    """A decimal number between two bounds, or one of some words."""

    lowest: int = 0
    highest: int = 0xFFFFFFFF
    words: tuple[str, ...] = ()
    unit: str = ""

    def parse(self, text: str, at: Place) -> str:
        """Tell apart what is no number, what goes on after it, and what is out of range."""
        if text in self.words:
            return text
        if not (found := re.match(r"-?\d+", text)):
            raise invalid(at.argument)
        if text[found.end() :] not in ("", self.unit):
            raise trailing(at.argument)
        if not self.lowest <= int(found[0]) <= self.highest:
            raise out_of_range(at.argument, self.lowest, self.highest)
        return str(int(found[0]))


@dataclass(frozen=True)
class Mtu(Number):
    """A number; ``auto`` from 7.22 (schema)."""

    highest: int = 65535

    def parse(self, text: str, at: Place) -> str:
        """Take ``auto`` where the version does."""
        if text == "auto" and at.profile.since(7, 22):
            return text
        return super().parse(text, at)


_UNITS = {"w": 604800_000, "d": 86400_000, "h": 3600_000, "m": 60_000, "s": 1000, "ms": 1}


def parse_duration(text: str) -> int | None:
    """Read ``1d2h``, ``25``, ``25s`` or ``1d00:00:25`` as milliseconds, anything else as None (schema, exports)."""
    if re.fullmatch(r"\d+", text):
        return int(text) * 1000
    if found := re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(\d+):(\d+)(?::(\d+))?", text):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return (((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds) * 1000
    parts = re.findall(r"(\d+)(ms|[wdhms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def render_duration(milliseconds: int) -> str:
    """Print a time, parts that are zero left out (schema, exports)."""
    text = ""
    for unit, size in _UNITS.items():
        count, milliseconds = divmod(milliseconds, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


def clock_form(seconds: int) -> str:
    """Print a bound as in ``value of x is out of range (00:00:10 .. 1d00:00:00)`` (inferred from routeros-skills)."""
    days, rest = divmod(seconds, 86400)
    return f"{f'{days}d' if days else ''}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


@dataclass(frozen=True)
class Duration(Plain):
    """A time in whole seconds; ``highest`` is in seconds too."""

    highest: int = 0xFFFFFFFF
    words: tuple[str, ...] = ()

    def parse(self, text: str, at: Place) -> str:
        """Give the printed form."""
        if text in self.words:
            return text
        if (milliseconds := parse_duration(text)) is None:
            raise invalid(at.argument)
        if milliseconds > self.highest * 1000:
            raise out_of_range(at.argument, clock_form(0), clock_form(self.highest))
        return render_duration(milliseconds // 1000 * 1000)


@dataclass(frozen=True)
class Keepalive(Duration):
    """0 to 65535 s; zero is no keepalive, and may or may not be printed (schema, wg-portal)."""

    highest: int = 65535

    def parse(self, text: str, at: Place) -> str:
        """Give an empty text, which unsets, for zero."""
        stored = super().parse(text, at)
        return "" if stored == "0s" and at.profile["keepalive-zero"] == "absent" else stored


@dataclass(frozen=True)
class Choice(Plain):
    """One of some words, perhaps negated by ``!``."""

    values: tuple[str, ...]
    negation: bool = False
    named = True

    def parse(self, text: str, at: Place) -> str:
        """Refuse other words."""
        mark = "!" if self.negation and text.startswith("!") else ""
        if text[len(mark) :] in self.values:
            return text
        if sum(value.startswith(text[len(mark) :]) for value in self.values) > 1 and text[len(mark) :]:
            raise Trap(f"ambiguous value of {at.argument}, more than one possible value matches input", ARGUMENT)
        raise no_match(at.argument)


@dataclass(frozen=True)
class Members(Plain):
    """Several of some words, each perhaps negated: plain ones first, in the order of the table (schema, tik4net)."""

    values: tuple[str, ...]
    named = True

    def parse(self, text: str, at: Place) -> str:
        """Give the canonical order; a leading ``!`` may also negate the whole list."""
        given = set(text.split(",")) if text else set()
        if given - set(self.values) - {f"!{value}" for value in self.values}:
            raise no_match(at.argument)
        order = [*self.values, *(f"!{value}" for value in self.values)]
        return ",".join(value for value in order if value in given)


@dataclass(frozen=True)
class Protocol_(Plain):
    """An IP protocol by name or number, perhaps negated."""

    names: tuple[str, ...] = (
        "icmp", "igmp", "ggp", "ip-encap", "st", "tcp", "egp", "pup", "udp", "hmp", "xns-idp", "rdp", "iso-tp4", "dccp",
        "xtp", "ddp", "idpr-cmtp", "ipv6-encap", "rsvp", "gre", "ipsec-esp", "ipsec-ah", "rspf", "vmtp", "ospf", "ipip",
        "etherip", "encap", "pim", "vrrp", "l2tp", "sctp", "udp-lite", "icmpv6", "ipv6-frag", "ipv6-nonxt", "ipv6-opts",
        "ipv6-route",
    )  # fmt: skip
    named = True

    def parse(self, text: str, at: Place) -> str:
        """Refuse what is neither a known name nor a number."""
        bare = text.removeprefix("!")
        if bare in self.names or (bare.isdigit() and int(bare) < 256):
            return text
        raise no_match(at.argument)


@dataclass(frozen=True)
class Ports(Plain):
    """``80``, ``80,443``, ``1000-2000``, perhaps negated."""

    def parse(self, text: str, at: Place) -> str:
        """Refuse what is no list of ports."""
        for part in text.removeprefix("!").split(","):
            ends = part.split("-")
            if len(ends) > 2 or not all(end.isdigit() for end in ends):
                raise invalid(at.argument)
            if not all(int(end) <= 65535 for end in ends):
                raise out_of_range(at.argument, 0, 65535)
        return text


@dataclass(frozen=True)
class Key(Plain):
    """A WireGuard key: 32 bytes in base64. What another text traps is a switch."""

    words: tuple[str, ...] = ()

    def parse(self, text: str, at: Place) -> str:
        """Take a key, nothing, or one of the words."""
        if not text or text in self.words:
            return text
        try:
            right = len(text) == 44 and len(base64.b64decode(text, validate=True)) == 32
        except (binascii.Error, ValueError):
            right = False
        if not right:
            raise Trap(at.profile["bad-key"].format(at.argument), ARGUMENT)
        return text


@dataclass(frozen=True)
class Listing(Plain):
    """A comma list of another kind."""

    item: Plain

    def parse(self, text: str, at: Place) -> str:
        """Give the canonical form of each item, in the order in which they were given."""
        if not text:
            return ""
        parse: Callable[[str, Place], str] = self.item.parse
        return ",".join(parse(part, at) for part in text.split(","))
