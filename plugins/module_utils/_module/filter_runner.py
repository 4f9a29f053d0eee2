# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that lets tunnels through the filter of a router.

Rules of this file: the flow is that of `converge`: read, plan, (check mode stops,) apply, read back.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable, Iterable, Mapping, Protocol, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.openings import (
    Access,
    Filter,
    Member,
    Opening,
    OpeningStep,
    plan_openings,
    read_access,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import Arguments
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.host_runner import user_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import plain
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import run


class PacketFilter(Protocol):
    """What lets packets through for its users."""

    def read(self) -> Filter: ...

    def wall_of(self, opening: Opening) -> str | None: ...

    def apply(self, steps: Sequence[OpeningStep]) -> int: ...

    def close(self) -> None: ...


def run_filter(arguments: Arguments, open_filter: Callable[[str, Mapping[str, Any]], PacketFilter]) -> None:
    """Run the module that opens a filter."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        user = user_name(module.params["name"])
        needed = read_access(module.params) if module.params["state"] == "present" else Access()
        with contextlib.closing(open_filter(user, module.params)) as gateway:
            observed = gateway.read()
            steps = plan_openings(observed, user, needed, gateway.wall_of)
            writes = 0
            if steps and not module.check_mode:
                writes = gateway.apply(steps)
                if plan_openings(gateway.read(), user, needed, gateway.wall_of):
                    raise DeviceError("the router accepted everything and yet does not let through what was asked for")
        before = Access(
            [rule.opening for rule in observed.rules if rule.owner == user and rule.opening],
            [member for member, owner in observed.members.items() if owner == user],
        )
        return {
            "changed": bool(steps),
            "writes": writes,
            "steps": [_step_words(step) for step in steps],
            "diff": {"before": _access_words(before), "after": _access_words(needed)},
        }

    run(arguments, work)


def _step_words(step: OpeningStep) -> dict[str, Any]:
    words: dict[str, Any] = {"do": re.sub(r"(?<!^)(?=[A-Z])", "_", type(step).__name__).lower()}
    for name, value in vars(step).items():
        words.update(_fields(value) if isinstance(value, (Opening, Member)) else {name: value})
    return words


def _fields(value: Opening | Member) -> dict[str, Any]:
    return {name: plain(item) for name, item in value._asdict().items() if item not in (None, "", 0)}


def _access_words(access: Access) -> dict[str, Any]:
    openings: Iterable[Opening] = sorted(dict.fromkeys(access.openings), key=repr)
    return {"openings": list(map(_fields, openings)), "list_members": list(map(_fields, sorted(access.members)))}
