# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module registry, and all there is of it: the file is on the controller."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration import ROOT as DECLARATION_ROOT
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration import Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    Problem,
    WireguardError,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.registry import (
    Settled,
    parse_found_keys,
    parse_registry,
    render_registry,
    settle,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.verification import verified
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._core_filter import derive_if_possible, plain

HEADER = """\
# Pinned by wgfleet.wireguard: the public keys and addresses of every member. It holds no secret; keep it with the
# inventory. To accept a new key of a host, remove its public_key here and run again.
---
"""


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
            }
        )
        try:
            with _locked(Path(arguments["path"])) as path:
                result.update(self._settled(path, plain(arguments)))
        except (WireguardError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def _settled(self, path: Path, arguments: dict[str, Any]) -> dict[str, Any]:
        derive = derive_if_possible()
        declaration = verified(arguments["networks"], arguments["hosts"], derive)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        public_keys = arguments["public_keys"]
        found = parse_found_keys(_with_stand_ins(public_keys) if self._task.check_mode else public_keys)
        settled = settle(declaration, parse_registry(_parsed(before, path)), found, derive)
        warnings = _reported(settled)
        if public_keys:
            warnings += _unknown_keys(declaration, settled)
        registry = render_registry(settled.registry)
        after = HEADER + yaml.safe_dump(registry, sort_keys=False)
        changed = _parsed(before, path) != registry
        if changed and not self._task.check_mode:
            _write(path, after)
        return {
            "changed": changed,
            "registry": registry,
            "warnings": warnings,
            "diff": {"before": before, "after": after if changed else before, "before_header": str(path)},
        }


def _reported(settled: Settled) -> list[str]:
    """Refuse what is wrong with the declaration; what was found on one host is left to the run of that host."""
    wrong = [problem for problem in settled.problems if problem.place.startswith(DECLARATION_ROOT)]
    if wrong:
        raise InvalidInput(wrong)
    return [str(problem) for problem in settled.problems]


def _unknown_keys(declaration: Declaration, settled: Settled) -> list[str]:
    return [
        f"{DECLARATION_ROOT}.{network}: no public key is known of {', '.join(unknown)}. They are left out"
        " as peers, and no peer is removed in this run. Run once without a limit"
        for network, members in settled.registry.items()
        if network in declaration
        and (unknown := [name for name, entry in members.items() if entry.public_key is None and not entry.departed])
    ]


def _parsed(text: str, path: Path) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput([Problem(str(path), f"is no YAML: {error}")]) from None


def _with_stand_ins(public_keys: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Give keys that belong to nobody for those that a device will make only when this is no check."""
    return {
        host: {network: key or _stand_in(f"{network}/{host}") for network, key in keys.items()}
        for host, keys in public_keys.items()
    }


def _stand_in(name: str) -> str:
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


@contextmanager
def _locked(path: Path) -> Iterator[Path]:
    """Keep other runs away; the lock is on the directory, so that no lock file stays behind."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(directory)


def _write(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
