# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module registry, and all there is of it: the file is on the controller."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.added import (
    Clients,
    parse_added,
    render_added,
    told_by_source,
    with_added,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    Problem,
    WireguardError,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    ROOT as DECLARATION_ROOT,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    read_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    Registry,
    parse_found_keys,
    parse_registry,
    parse_released,
    render_registry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry_warnings import (
    expired_clients,
    replaced_networks,
    unknown_keys,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import (
    Settled,
    cleared,
    provisional,
    settle,
    unpinned,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import find_problems
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import stand_in
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._pinned_file import (
    locked,
    parse_yaml,
    read_text,
    write,
)
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._public_half import derive_if_possible
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import day_or_today, plain

HEADER = """\
# Pinned by wgfleet.wireguard: the public keys and addresses of every member and client. It holds no secret; keep it
# with the inventory. To accept a new key of a host, remove its public_key here and run again.
---
"""
# The text of a key that a check has pinned in place of one that the run will make, and what people read instead.
_STAND_IN = re.compile(rf"\b{str(stand_in(bytes(32)))[:12]}[A-Za-z0-9+/]{{31}}=")
MADE_IN_THE_RUN = "(made in the run)"


class ActionModule(ActionBase):
    """Bring the registry up to date with the declaration."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the settled registry, and write it where it differs and this is no check."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            {
                "path": {"type": "path", "required": True},
                "networks": {"type": "dict", "required": True},
                "hosts": {"type": "list", "elements": "str"},
                "public_keys": {"type": "dict", "default": {}, "no_log": False},
                "client_keys": {"type": "dict", "default": {}, "no_log": False},
                "released": {"type": "dict", "default": {}},
                "cleared": {"type": "list", "elements": "str", "default": []},
                "failed": {"type": "list", "elements": "str", "default": []},
                "registry": {"type": "dict"},
                "today": {"type": "str"},
                "clients_file": {"type": "path"},
                "added": {"type": "dict"},
                "psk_secret": {"type": "str", "no_log": True},
            }
        )
        source, added = str(arguments["clients_file"]), {}
        try:
            with locked(Path(arguments["path"])) as path:
                given = plain(arguments)
                found = self._added(given)
                given["networks"] = with_added(given["networks"], found, source)
                added = found  # what is in both places has been told with both
                result.update(self._settled(path, given), added=render_added(added))
        except InvalidInput as error:
            problems = told_by_source(error.problems, added, source)
            raise AnsibleActionFail(str(InvalidInput(problems))) from None
        except WireguardError as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            advice = "set wireguard_registry to a file in a directory of the controller that you may write"
            raise AnsibleActionFail(f"the registry {arguments['path']}: {error.strerror}; {advice}") from None
        return result

    def _added(self, arguments: dict[str, Any]) -> dict[str, Clients]:
        """Give the clients that were added to the declaration, as they are now: another run may have changed them."""
        if not arguments["clients_file"]:
            return {}
        path = Path(arguments["clients_file"])
        announced = arguments["added"] if self._task.check_mode else None
        return parse_added(parse_yaml(read_text(path), path) if announced is None else announced, str(path))

    def _settled(self, path: Path, arguments: dict[str, Any]) -> dict[str, Any]:
        derive = derive_if_possible()
        before = read_text(path)
        declaration, problems = read_declaration(arguments["networks"])
        is_readable = not problems
        problems += find_problems(declaration, arguments["hosts"], derive, arguments["psk_secret"])
        written = _written(before, path, problems)
        if not is_readable:
            raise InvalidInput(problems)
        public_keys = arguments["public_keys"]
        found = parse_found_keys(_with_stand_ins(public_keys) if self._task.check_mode else public_keys)
        of_clients = parse_found_keys(arguments["client_keys"], "client_keys")
        today = day_or_today(arguments["today"])
        # What an earlier call of a check gave is not written, and is where this one goes on from.
        earlier = arguments["registry"] if self._task.check_mode else None
        start = written if earlier is None else parse_registry(earlier)
        start = cleared(unpinned(start, parse_released(arguments["released"])), arguments["cleared"])
        settled = settle(declaration, start, found, derive, of_clients, today)
        warnings = _reported(settled, problems) + replaced_networks(declaration, start)
        warnings += expired_clients(declaration, today)
        if public_keys:
            warnings += unknown_keys(declaration, settled.registry, arguments["failed"])
        registry = render_registry(settled.registry)
        after = HEADER + yaml.safe_dump(registry, sort_keys=False)
        known = _text_of(earlier) if earlier is not None else before
        changed = parse_yaml(known, path) != registry
        if self._task.check_mode:
            registry = render_registry(provisional(settled.registry, written))
        elif changed:
            write(path, after)
        sides = {"before": known, "after": after if changed else known}
        if self._task.check_mode:
            sides = {side: _STAND_IN.sub(MADE_IN_THE_RUN, text) for side, text in sides.items()}
        return {
            "changed": changed,
            "registry": registry,
            "before": render_registry(start),
            "warnings": warnings,
            "diff": {**sides, "before_header": str(path)},
        }


def _text_of(earlier: Any) -> str:
    """Give the registry of an earlier call of a check as it would have been written."""
    registry = provisional(parse_registry(earlier), parse_registry(earlier))
    return HEADER + yaml.safe_dump(render_registry(registry), sort_keys=False)


def _written(text: str, path: Path, problems: list[Problem]) -> Registry:
    """Read the registry; what is wrong with it is told together with what is wrong with the declaration."""
    try:
        return parse_registry(parse_yaml(text, path))
    except InvalidInput as error:
        raise InvalidInput([*problems, *error.problems]) from None


def _reported(settled: Settled, problems: list[Problem]) -> list[str]:
    """Refuse what is wrong with the declaration; what was found on one host is left to the run of that host."""
    wrong = [
        each
        for each in settled.problems
        if each.place.startswith(DECLARATION_ROOT)
        and not any(known.place.startswith(each.place) for known in problems)  # as what two have declared alike
    ]
    if problems or wrong:
        raise InvalidInput([*problems, *wrong])
    return [str(problem) for problem in settled.problems]


def _with_stand_ins(public_keys: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Give keys that belong to nobody for those that a device will make only when this is no check."""
    return {
        host: {network: key or _stand_in(f"{network}/{host}") for network, key in keys.items()}
        for host, keys in public_keys.items()
    }


def _stand_in(name: str) -> str:
    return str(stand_in(hashlib.sha256(name.encode()).digest()))
