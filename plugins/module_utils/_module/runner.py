# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where modules meet Ansible: the only place that makes an AnsibleModule, fails or exits.

Rules of this file: every WireguardError becomes one clear failure; anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable, ContextManager, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    Problem,
    WireguardError,
    at,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs, read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    desired_interface,
    desired_peer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    PublicKey,
    clamp,
    decode_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import parse_interface_name
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
    PlannedInterface,
    converge,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_flow import (
    PlannedGateway,
    is_user_name,
    problems_below,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Probing, Senses
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import (
    describe,
    difference,
    interface_words,
)

OpenBackend = Callable[[str, Mapping[str, Any]], Backend]
Work = Callable[[AnsibleModule], Mapping[str, Any]]
ParseName = Callable[[Any], str]


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
    arguments: Arguments,
    open_backend: OpenBackend,
    derive: Derive,
    senses: Senses,
    make_key: MakeKey | None = new_private_key,
    parse_name: ParseName = parse_interface_name,
) -> None:
    """Run a module that manages one interface, and what a gateway does for it.

    Without make_key, the device makes the key of a new interface itself. `parse_name` says which names it can have.
    """

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        probing = Probing(senses, module.params)
        options = with_key_from_file(interface_options(module.params), module.check_mode, new_private_key)
        expected = _expected(options.pop("expected_public_key", None))
        keys = KeyRules(make_key, derive, expected, adopt=module.params["adopt"])
        desired, needed = _desired(options, parse_name)
        with contextlib.closing(open_backend(desired.name, module.params)) as backend:
            gateway = None if needed is None else backend.gateway()
            if gateway is None and options.get("gateway"):
                raise InvalidInput([Problem("gateway", "cannot stand beside netns: run the module in the namespace")])
            with _alone(backend, module.check_mode):
                interface = PlannedInterface(backend, desired, keys, module.check_mode)
                with problems_below("gateway"):
                    beside = PlannedGateway(gateway, desired.name, needed or Needs()) if gateway else None
                if not module.check_mode:
                    _carry_out(interface, beside, gateway_first=not desired.present)
            for warning in (*interface.outcome.warnings, *(gateway.warnings() if gateway else ())):
                module.warn(warning)
            made = interface.outcome.settled.peers.keys() - interface.outcome.observed.peers.keys()
            seen = {} if module.check_mode else probing.words_of_new(backend, made)
        result = {**_result(interface.outcome), **seen}
        if beside is None or not beside.steps:
            return result
        return _joined(result, beside.result(module.check_mode), gateway_first=not desired.present)

    run(arguments, work)


def _alone(backend: Backend, check_mode: bool) -> ContextManager[None]:
    """What is planned of what was read is done before another run reads. A check writes nothing, not even a lock."""
    return contextlib.nullcontext() if check_mode else backend.alone()


def _carry_out(interface: PlannedInterface, beside: PlannedGateway | None, gateway_first: bool) -> None:
    if beside and gateway_first:
        beside.carry_out()
    interface.carry_out()
    if beside and not gateway_first:
        beside.carry_out()


def _desired(options: Mapping[str, Any], parse_name: ParseName) -> tuple[DesiredInterface, Needs | None]:
    """Read the options of an interface, and those of its gateway; None leaves that alone. Raises InvalidInput."""
    problems: list[Problem] = []
    gateway = options.get("gateway")
    desired, needed = None, None
    try:
        own = {name: value for name, value in options.items() if name != "gateway"}
        desired = desired_interface(own, parse_name)
    except InvalidInput as error:
        problems += error.problems
    try:
        with problems_below("gateway"):
            needed = None if gateway is None else read_needs(gateway, parse_name)
    except InvalidInput as error:
        problems += error.problems
    if desired is not None and gateway is not None and not is_user_name(desired.name):
        problems.append(Problem("name", "needs to be of letters, digits and _.- alone, for a gateway to know it by"))
    if desired is None or problems:
        raise InvalidInput(problems)
    if not desired.present:
        return desired, Needs() if is_user_name(desired.name) else None
    return desired, needed


def _joined(interface: Mapping[str, Any], beside: Mapping[str, Any], gateway_first: bool) -> Mapping[str, Any]:
    """Give one result of both; the gateway's difference is part of the interface's."""
    steps = [interface["steps"], beside["steps"]]
    sides = {side: {**interface["diff"][side], "gateway": beside["diff"][side]} for side in ("before", "after")}
    return {
        **interface,
        "changed": True,
        "writes": interface["writes"] + beside["writes"],
        "steps": [step for part in (reversed(steps) if gateway_first else steps) for step in part],
        "diff": {**interface["diff"], **sides},
    }


def run_peer(
    arguments: Arguments, open_backend: OpenBackend, derive: Derive, parse_name: ParseName = parse_interface_name
) -> None:
    """Run a module that manages one peer and leaves all others alone."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        name = interface_name(module.params["interface"], "interface", parse_name)
        desired = DesiredInterface(name=name, peers=(desired_peer(peer_options(module.params)),))
        keys = KeyRules(new_private_key, derive)
        with contextlib.closing(open_backend(name, module.params)) as backend, _alone(backend, module.check_mode):
            outcome = converge(backend, desired, keys, module.check_mode, must_exist=True)
        for warning in outcome.warnings:
            module.warn(warning)
        return _result(outcome)

    run(arguments, work)


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
    with at("expected_public_key"):
        return decode_key(text, PublicKey)


def interface_name(text: str, place: str, parse_name: ParseName = parse_interface_name) -> str:
    """Read the name of an interface. Raises InvalidInput with the place."""
    with at(place):
        return parse_name(text)
