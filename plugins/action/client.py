# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module client, and all there is of it: the file is on the controller."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.added import parse_added, render_added
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.enrolment import (
    Outcome,
    Situation,
    add_client,
    revoke_client,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import WireguardError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._pinned_file import (
    locked,
    parse_yaml,
    read_text,
    write,
)
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._public_half import derive_if_possible
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import day_or_today, plain

HEADER = """\
# Clients that wgfleet.wireguard.add_client has added to the declaration. It holds no secret; keep it with the registry.
# What is below clients of a network may be moved to clients of that network in the declaration.
---
"""
STATES = {"present": add_client, "absent": revoke_client}


class ActionModule(ActionBase):
    """Keep a client beside the declaration, or keep it no more."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give all clients that are kept afterwards, and write the file where it differs and this is no check."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            {
                "path": {"type": "path", "required": True},
                "state": {"type": "str", "choices": list(STATES), "default": "present"},
                "answers": {"type": "dict", "required": True},
                "networks": {"type": "dict", "required": True},
                "registry": {"type": "path", "required": True},
                "hosts": {"type": "list", "elements": "str"},
                "asked": {"type": "list", "elements": "str"},
                "today": {"type": "str"},
            }
        )
        try:
            with locked(Path(arguments["path"])) as path:
                result.update(self._changed(path, plain(arguments)))
        except (WireguardError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def _changed(self, path: Path, arguments: dict[str, Any]) -> dict[str, Any]:
        registry, before = Path(arguments["registry"]), read_text(path)
        hosts = arguments["hosts"]
        situation = Situation(
            declared=arguments["networks"],
            added=parse_added(parse_yaml(before, path), str(path)),
            source=str(path),
            registry=parse_registry(parse_yaml(read_text(registry), registry)),
            today=day_or_today(arguments["today"]),
            hosts=None if hosts is None else tuple(hosts),
            derive=derive_if_possible(),
        )
        outcome = STATES[arguments["state"]](arguments["answers"], situation)
        changed = outcome.added != situation.added
        after = HEADER + yaml.safe_dump(render_added(outcome.added), sort_keys=False) if changed else before
        if changed and not self._task.check_mode:
            write(path, after)
        return {
            "changed": changed,
            "network": outcome.network,
            "client": outcome.client,
            "added": render_added(outcome.added),
            "warnings": _left_out(outcome, arguments["asked"]),
            "diff": {"before": before, "after": after, "before_header": str(path)},
        }


def _left_out(outcome: Outcome, asked: Iterable[str] | None) -> list[str]:
    left = [] if asked is None else [server for server in outcome.servers if server not in set(asked)]
    return [
        f"{server} is a server of {outcome.network}/{outcome.client} and is not in this run, so that it goes on as"
        " before until a run has it"
        for server in left
    ]
