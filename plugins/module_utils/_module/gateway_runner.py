# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that make a host a gateway."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Gateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import (
    GATEWAY_OPTIONS,
    Needs,
    read_needs,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import (
    Arguments,
    without_none,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_flow import (
    PlannedGateway,
    is_user_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import ParseName, run

OpenGateway = Callable[[str, Mapping[str, Any]], Gateway]


def run_gateway(arguments: Arguments, open_gateway: OpenGateway, parse_name: ParseName = parse_interface_name) -> None:
    """Run a module that makes a host a gateway for a user. `parse_name` says which names its interfaces can have."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        user = module.params["name"]
        if not is_user_name(user):
            raise InvalidInput([Problem("name", f"{user!r} has something else than letters, digits and _.- in it")])
        options = {name: value for name, value in module.params.items() if name in GATEWAY_OPTIONS}
        present = module.params["state"] == "present"
        needed = read_needs(without_none(options), parse_name) if present else Needs()
        with contextlib.closing(open_gateway(user, module.params)) as gateway:
            planned = PlannedGateway(gateway, user, needed)
            if not module.check_mode:
                planned.carry_out()
            for warning in gateway.warnings():
                module.warn(warning)
        return planned.result(module.check_mode)

    run(arguments, work)
