# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module client_config, and all there is of it: the files are on the controller."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.files import (
    FORMATS,
    Place,
    plan_files,
    step_words,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import WireguardError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verified
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    KEY_BYTES,
    PrivateKey,
    clamp,
    stand_in,
)
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._client_directory import ClientDirectory
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._client_files import ClientFiles, Request, client_files
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._public_half import derive_if_possible
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import day_or_today, plain
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._vault import Vault

DEFAULT_FORMATS = ["conf", "png", "svg"]
SPEC = {
    "networks": {"type": "dict", "required": True},
    "registry": {"type": "dict", "required": True},
    "directory": {"type": "path", "required": True},
    "psk_secret": {"type": "str", "default": "", "no_log": True},
    "today": {"type": "str"},
    "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": DEFAULT_FORMATS},
    "encrypt": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Have the files of all clients on the controller."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give what was done, and the public keys. No secret is in the result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(SPEC)
        arguments = plain(arguments)
        try:
            result.update(self._converged(Path(arguments["directory"]).absolute(), arguments))
        except WireguardError as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def _converged(self, directory: Path, arguments: dict[str, Any]) -> dict[str, Any]:
        self._made: set[Place] = set()  # whose keys only this check has
        derive = derive_if_possible() or public_key_of
        request = Request(
            day_or_today(arguments["today"]), arguments["formats"], arguments["psk_secret"], derive, self._new_key
        )
        declaration = verified(arguments["networks"], None, derive)
        registry = parse_registry(arguments["registry"])
        vault = Vault(self._loader._vault)  # the loader has no other way to what the run was given
        if arguments["encrypt"]:
            vault.require_secret()
        store = ClientDirectory(directory, vault)
        with store.locked():
            found = store.read()
            clients = [self._checked(client) for client in client_files(declaration, registry, found, request)]
            wanted = {place: content for client in clients for place, content in client.files.items()}
            kept = [client.place for client in clients if not client.complete]
            steps = plan_files(found, wanted, arguments["encrypt"], kept)
            writes = 0 if self._task.check_mode else store.apply(steps)
        words = [step_words(step) for step in steps]
        return {
            "changed": bool(steps),
            "writes": writes,
            "steps": words,
            "clients": [_told(client, directory) for client in clients],
            "public_keys": _public_keys(clients),
            "missing": [sentence for client in clients for sentence in client.missing],
            "warnings": [sentence for client in clients for sentence in client.warnings],
            "diff": {"prepared": "".join(f"{each['do']} {each['path']}\n" for each in words)},
        }

    def _checked(self, client: ClientFiles) -> ClientFiles:
        """Let nobody take the key of a check for the one that the run will make."""
        if client.place not in self._made or client.key.public_key is None:
            return client
        return client._replace(key=client.key._replace(public_key=stand_in(client.key.public_key.raw)))

    def _new_key(self, network: str, client: str) -> PrivateKey:
        """Make a key; in check mode one that is never written, always the same, and belongs to nobody."""
        if self._task.check_mode:
            self._made.add((network, client))
            return clamp(hashlib.sha256(f"{network}/{client}".encode()).digest())
        return clamp(secrets.token_bytes(KEY_BYTES))


def _public_keys(clients: list[ClientFiles]) -> dict[str, dict[str, str]]:
    keys: dict[str, dict[str, str]] = {}
    for client in clients:
        if client.key.public_key is not None:
            keys.setdefault(client.plan.network, {})[client.plan.client.name] = str(client.key.public_key)
    return keys


def _told(client: ClientFiles, directory: Path) -> dict[str, Any]:
    return {
        "network": client.plan.network,
        "name": client.plan.client.name,
        "public_key": str(client.key.public_key or ""),
        "addresses": [str(address) for address in client.plan.addresses],
        "expired": client.plan.expired,
        "secret": client.key.private_key is not None or any(server.psk_pair for server in client.plan.servers),
        "lacking": client.lacking(str(directory)),
        "files": [str(directory.joinpath(*place)) for place in client.files],
    }
