# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must forward between what is behind it and its tunnels, and what became of the host's switches for it.

Rules of this file: pure. A switch is only ever turned on by us, and turned off only by us, when the last who needs it
has gone, it was off before, and no file of someone else turns it on at boot. Each user of the switches has a name, so
that several can need the same one. A switch is ours if it is in the record and in some user's file: whichever of the
two a run that died has left alone counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Iterable, Mapping, NamedTuple, Sequence, Union

SWITCHES: Mapping[str, str] = {"ipv4": "net.ipv4.ip_forward", "ipv6": "net.ipv6.conf.all.forwarding"}

# On Linux a host that forwards IPv6 no longer listens to router advertisements, and loses a default route that it has
# from them, unless accept_ra is 2 by then (Documentation/networking/ip-sysctl.rst, accept_ra).
IPV6_SWITCH = SWITCHES["ipv6"]
ACCEPT_RA = ".accept_ra"


class Forwarding(NamedTuple):
    """The observed state. All names of switches are those of sysctl(8)."""

    on: frozenset[str]  # switches that are on
    needed: Mapping[str, frozenset[str]]  # what each user's file turns on at boot
    recorded: frozenset[str] = frozenset()  # what was off before we turned it on
    listening: frozenset[str] = frozenset()  # accept_ra of the interfaces that have a route from advertisements
    claimed: frozenset[str] = frozenset()  # what files of others turn on at boot


@dataclass(frozen=True)
class RecordSwitches:
    """Write down which switches were off before us; none removes the record."""

    switches: frozenset[str]


@dataclass(frozen=True)
class KeepSwitches:
    """Write what is on at boot for a user; none removes the user's file."""

    user: str
    switches: frozenset[str]


@dataclass(frozen=True)
class SetSwitch:
    """Set a switch of the running system."""

    switch: str
    value: int


ForwardingStep = Union[RecordSwitches, KeepSwitches, SetSwitch]


def plan_forwarding(
    observed: Forwarding, user: str, families: Sequence[str], others: Collection[str] = ()
) -> tuple[ForwardingStep, ...]:
    """Give the steps after which the host forwards these families for this user, and has other switches on for it.

    A run may die between any two of them: what is turned on is recorded and in the file before, and what is turned off
    is so before it leaves record and file.
    """
    needed = observed.needed.get(user, frozenset())
    desired = _desired(observed, needed, families) | frozenset(others)
    needed_by_others = _union(switches for name, switches in observed.needed.items() if name != user)
    owned = observed.recorded & (needed | needed_by_others)
    missing = desired - observed.on
    given_up = (owned & needed) - desired - needed_by_others
    recorded = (owned | missing) - given_up
    unwanted = (given_up & observed.on) - observed.claimed

    steps: list[ForwardingStep] = []
    for switch in sorted(unwanted, key=_accept_ra_first, reverse=True):
        steps.append(SetSwitch(switch, _off_value(switch)))
    if recorded != observed.recorded:
        steps.append(RecordSwitches(recorded))
    if desired != needed:
        steps.append(KeepSwitches(user, desired))
    for switch in sorted(missing, key=_accept_ra_first):
        steps.append(SetSwitch(switch, on_value(switch)))
    return tuple(steps)


def apply_forwarding(observed: Forwarding, steps: Iterable[ForwardingStep]) -> Forwarding:
    """Tell what the steps make of the observed state."""
    for step in steps:
        if isinstance(step, RecordSwitches):
            observed = observed._replace(recorded=step.switches)
        elif isinstance(step, SetSwitch):
            turned_on = step.value == on_value(step.switch)
            observed = observed._replace(on=observed.on | {step.switch} if turned_on else observed.on - {step.switch})
        else:
            others = {user: switches for user, switches in observed.needed.items() if user != step.user}
            observed = observed._replace(needed={**others, step.user: step.switches} if step.switches else others)
    return observed


def on_value(switch: str) -> int:
    """Give what makes a switch count as on."""
    return 2 if switch.endswith(ACCEPT_RA) else 1


def _desired(observed: Forwarding, needed: frozenset[str], families: Sequence[str]) -> frozenset[str]:
    desired = frozenset(SWITCHES[family] for family in families)
    if IPV6_SWITCH not in desired:
        return desired
    # One that was needed stays so while its route from advertisements happens to be away.
    return desired | observed.listening | {switch for switch in needed if switch.endswith(ACCEPT_RA)}


def _off_value(switch: str) -> int:
    return 1 if switch.endswith(ACCEPT_RA) else 0


def _accept_ra_first(switch: str) -> tuple[bool, str]:
    return (not switch.endswith(ACCEPT_RA), switch)


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(item for each in sets for item in each)
