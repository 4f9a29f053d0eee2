# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where modules meet Ansible: the only place that makes an AnsibleModule, fails or exits.

Rules of this file: every WireguardError becomes one clear failure; anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    InvalidValue,
    Problem,
    WireguardError,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface_options import (
    desired_interface,
    desired_peer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import (
    PrivateKey,
    PublicKey,
    clamp,
    decode_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import (
    Arguments,
    interface_options,
    peer_options,
    with_key_from_file,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import (
    Derive,
    KeyRules,
    MakeKey,
    Outcome,
    converge,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import (
    describe,
    difference,
    interface_words,
)

OpenBackend = Callable[[str, Mapping[str, Any]], Backend]
Work = Callable[[AnsibleModule], Mapping[str, Any]]


def new_private_key() -> PrivateKey:
    """Make a private key from the system's entropy."""
    return clamp(os.urandom(32))


def run(arguments: Arguments, work: Work) -> None:
    """Make the module, do the work, and leave with its result or with one clear failure."""
    module = AnsibleModule(**arguments.for_ansible())
    try:
        result = work(module)
    except InvalidInput as error:
        module.fail_json(msg=str(error), problems=[problem._asdict() for problem in error.problems])
    except WireguardError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def run_interface(
    arguments: Arguments, open_backend: OpenBackend, derive: Derive, make_key: MakeKey | None = new_private_key
) -> None:
    """Run a module that manages one interface. Without make_key, the device makes the key of a new one itself."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        options = with_key_from_file(interface_options(module.params), may_be_missing=module.check_mode)
        expected = _expected(options.pop("expected_public_key", None))
        keys = KeyRules(make_key, derive, expected)
        return _converged(module, open_backend, desired_interface(options), keys)

    run(arguments, work)


def run_peer(arguments: Arguments, open_backend: OpenBackend, derive: Derive) -> None:
    """Run a module that manages one peer and leaves all others alone."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        name = _interface_name(module.params["interface"])
        desired = DesiredInterface(name=name, peers=(desired_peer(peer_options(module.params)),))
        return _converged(module, open_backend, desired, KeyRules(new_private_key, derive), must_exist=True)

    run(arguments, work)


def _converged(
    module: AnsibleModule,
    open_backend: OpenBackend,
    desired: DesiredInterface,
    keys: KeyRules,
    must_exist: bool = False,
) -> Mapping[str, Any]:
    backend = open_backend(desired.name, module.params)
    try:
        outcome = converge(backend, desired, keys, module.check_mode, must_exist)
    finally:
        backend.close()
    return _result(outcome)


def _result(outcome: Outcome) -> Mapping[str, Any]:
    labels = outcome.settled if outcome.settled.peers else outcome.observed
    return {
        "changed": outcome.changed,
        "writes": outcome.writes,
        "steps": [describe(step, labels) for step in outcome.steps],
        "interface": interface_words(outcome.settled),
        "diff": difference(outcome.observed, outcome.settled, outcome.steps),
    }


def _expected(text: str | None) -> PublicKey | None:
    if not text:
        return None
    try:
        return decode_key(text, PublicKey)
    except InvalidValue as error:
        raise InvalidInput([Problem("expected_public_key", str(error))]) from None


def _interface_name(text: str) -> str:
    try:
        return parse_interface_name(text)
    except InvalidValue as error:
        raise InvalidInput([Problem("interface", str(error))]) from None
