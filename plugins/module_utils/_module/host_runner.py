# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that concern a host rather than one interface: its key files, its forwarding, and what it tells.

Rules of this file: the flow is that of `converge`: read, plan, (check mode stops,) apply.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import Any, Callable, Mapping, Protocol, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    InvalidInput,
    InvalidValue,
    Problem,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.forwarding import (
    Forwarding,
    ForwardingStep,
    KeepSwitches,
    RecordSwitches,
    SetSwitch,
    apply_forwarding,
    plan_forwarding,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.key_storage import (
    KeyStep,
    StoredKey,
    apply_key_steps,
    plan_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import PrivateKey, decode_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import Arguments
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import Derive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import (
    interface_words,
    peer_words,
    plain,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import OpenBackend, new_private_key, run


class KeyStore(Protocol):
    """What holds one private key."""

    def read(self) -> StoredKey: ...

    def apply(self, steps: Sequence[KeyStep]) -> int: ...


class Gateway(Protocol):
    """What forwards for its users."""

    def read(self) -> Forwarding: ...

    def overruled(self, user: str) -> Mapping[str, str]: ...

    def apply(self, steps: Sequence[ForwardingStep]) -> int: ...


_USER = re.compile(r"[A-Za-z0-9_.-]+")


def run_keypair(arguments: Arguments, open_store: Callable[[str], KeyStore], derive: Derive) -> None:
    """Run the module that keeps a private key in a file.

    In check mode the plan has a key that is made and forgotten, so that its public half belongs to nobody.
    """

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        path = _absolute(module.params["path"])
        wanted = _given_key(module.params["private_key"])
        store = open_store(path)
        observed = store.read()
        steps = plan_key(observed, module.params["state"] == "present", wanted, new_private_key)
        settled = apply_key_steps(observed, steps)
        sides = [_key_words(state, derive) for state in (observed, settled)]
        return {
            "changed": bool(steps),
            "writes": 0 if module.check_mode else store.apply(steps),
            "path": path,
            "public_key": sides[1].get("public_key", ""),
            "diff": {"before": sides[0], "after": sides[1]},
        }

    run(arguments, work)


def run_gateway(arguments: Arguments, open_gateway: Callable[[], Gateway]) -> None:
    """Run the module that lets a host forward."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        user, families = user_name(module.params["name"]), module.params["forwarding"]
        families = families if module.params["state"] == "present" else []
        gateway = open_gateway()
        observed = gateway.read()
        steps = plan_forwarding(observed, user, families)
        settled, writes = apply_forwarding(observed, steps), 0
        if not module.check_mode and steps:
            writes = gateway.apply(steps)
            settled = gateway.read()
            if plan_forwarding(settled, user, families):
                raise DeviceError("the switches of this host were set, and yet differ from what was asked for")
        for switch, path in gateway.overruled(user).items():
            module.warn(f"{path} turns {switch} off again at boot: remove it from there")
        return {
            "changed": bool(steps),
            "writes": writes,
            "steps": [_step_words(step) for step in steps],
            "diff": _forwarding_difference(observed, settled, user),
        }

    run(arguments, work)


def run_info(
    arguments: Arguments,
    open_backend: OpenBackend,
    interface_names: Callable[[Mapping[str, Any]], Sequence[str]],
    probe: Callable[[Sequence[Backend], Mapping[str, Any], float], Sequence[Interface]],
) -> None:
    """Run a module that reads interfaces and changes nothing."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        name = module.params["name"]
        names = interface_names(module.params) if name is None else [_interface_name(name)]
        with contextlib.ExitStack() as opened:
            backends = [open_backend(each, module.params) for each in names]
            for backend in backends:
                opened.callback(backend.close)
            observed = probe(backends, module.params, module.params["probe_timeout"])
        return {
            "changed": False,
            "interfaces": [
                {**interface_words(each), "peers": [peer_words(peer) for _key, peer in sorted(each.peers.items())]}
                for each in observed
            ],
            "now": int(time.time()),
        }

    run(arguments, work)


_STEP_NAMES = {RecordSwitches: "record_switches", KeepSwitches: "keep_switches", SetSwitch: "set_switch"}


def _step_words(step: ForwardingStep) -> dict[str, Any]:
    words = {name: plain(value) for name, value in vars(step).items()}
    return {"do": _STEP_NAMES[type(step)], **words}


def _forwarding_difference(before: Forwarding, after: Forwarding, user: str) -> dict[str, Any]:
    touched = before.on ^ after.on
    sides = [
        {"now": sorted(side.on & touched), "at_boot": plain(side.needed.get(user, frozenset()))}
        for side in (before, after)
    ]
    return {"before": sides[0], "after": sides[1]}


def _interface_name(text: str) -> str:
    try:
        return parse_interface_name(text)
    except InvalidValue as error:
        raise InvalidInput([Problem("name", str(error))]) from None


def user_name(name: str) -> str:
    """Give the name of a user of what a host shares. It becomes part of names and comments. Raises InvalidInput."""
    if not _USER.fullmatch(name):
        raise InvalidInput([Problem("name", f"{name!r} has something else than letters, digits and _.- in it")])
    return name


def _key_words(state: StoredKey, derive: Derive) -> dict[str, str]:
    if state.private_key is None:
        return {}
    return {"public_key": str(derive(state.private_key)), "mode": f"{state.mode:04o}"}


def _absolute(path: str) -> str:
    if not os.path.isabs(path):
        raise InvalidInput([Problem("path", f"{path} is not absolute")])
    return path


def _given_key(text: str | None) -> PrivateKey | None:
    try:
        return None if text is None else decode_key(text, PrivateKey)
    except InvalidValue as error:
        raise InvalidInput([Problem("private_key", str(error))]) from None
