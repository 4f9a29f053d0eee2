# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether all hosts of a run have the same declaration.

Rules of this file: pure; places are told and values never, which may be private keys.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import ROOT

MOST_NAMES = 5


def disagreement(declarations: Mapping[str, Any]) -> str:
    """Tell of the first two hosts that differ, as half a sentence; nothing where all agree. "" stands for none."""
    lacking = [host for host, declaration in declarations.items() if declaration == ""]
    having = [host for host in declarations if host not in lacking]
    if lacking and having:
        return f"{ROOT} is defined for {having[0]}, and not for {_names(lacking)}"
    for host in having[1:]:
        place = first_difference(declarations[having[0]], declarations[host])
        if place is not None:
            return f"{ROOT} differs between {having[0]} and {host}, first at {place}"
    return ""


def first_difference(one: Any, two: Any, place: str = ROOT) -> str | None:
    """Give the place at which two values first differ; None where they are equal."""
    if one == two:
        return None
    if isinstance(one, dict) and isinstance(two, dict):
        for key in (*one, *(key for key in two if key not in one)):
            if (key in one) != (key in two):
                return f"{place}.{key}"
            found = first_difference(one[key], two[key], f"{place}.{key}")
            if found is not None:
                return found
    return place


def _names(hosts: list[str]) -> str:
    shown = hosts if len(hosts) <= MOST_NAMES else [*hosts[: MOST_NAMES - 1], f"{len(hosts) - MOST_NAMES + 1} more"]
    return " and ".join(shown)
