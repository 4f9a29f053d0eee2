# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow that makes a host a gateway for a user.

Rules of this file: as `converge`, it knows the contract only, no Ansible: read, plan, (check mode stops,) apply, read
back. Everything that can be refused is refused by the plan.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Gateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    InvalidInput,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import (
    GatewayState,
    GatewayStep,
    plan_gateway,
    resolved,
    unresolved,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_report import (
    gateway_difference,
    step_words,
)

_USER = re.compile(r"[A-Za-z0-9_.-]+")


class PlannedGateway:
    """What one user needs of a gateway, planned and not yet done. Raises InvalidInput for what cannot be."""

    def __init__(self, gateway: Gateway, user: str, needed: Needs) -> None:
        self._gateway, self._user, self._wanted = gateway, user, needed
        self.observed = gateway.read()
        self.settled = self.observed
        self.needed, self.steps = self._plan(self.observed)
        self.writes = 0

    def carry_out(self) -> None:
        """Apply the steps, and see that nothing is left to do."""
        if not self.steps:
            return
        self.writes = self._gateway.apply(self.steps)
        self.settled = self._gateway.read()
        rest = self._plan(self.settled)[1]
        if rest:
            names = ", ".join(sorted({str(step_words(step)["do"]) for step in rest}))
            raise DeviceError(f"the device accepted everything and yet differs from what was asked for: {names}")

    def _plan(self, observed: GatewayState) -> tuple[Needs, tuple[GatewayStep, ...]]:
        problems = [*unresolved(self._wanted, observed), *self._gateway.refusals(self._wanted)]
        if problems:
            raise InvalidInput(problems)
        needed = self._gateway.adapt(resolved(self._wanted, observed))
        return needed, plan_gateway(observed, self._user, needed, self._gateway.wall_of)

    def result(self, check_mode: bool) -> dict[str, Any]:
        """Give what the module says."""
        return {
            "changed": bool(self.steps),
            "writes": self.writes,
            "steps": [step_words(step) for step in self.steps],
            "diff": gateway_difference(
                self._user, self.needed, self.steps, self.observed, None if check_mode else self.settled
            ),
        }


def is_user_name(name: str) -> bool:
    """Tell whether a user of what a host shares can have this name, which becomes part of names and comments."""
    return bool(_USER.fullmatch(name))


@contextlib.contextmanager
def problems_below(place: str) -> Iterator[None]:
    """Say of what is wrong with options that they are those of an option."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(
            each._replace(place=f"{place}.{each.place}" if each.place else place) for each in error.problems
        ) from None
