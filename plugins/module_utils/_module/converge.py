# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of every module that changes something: read, plan, (check mode stops,) apply, read back.

Rules of this file: it knows the contract only, no Ansible. Everything that can be refused is refused before apply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    ForeignInterface,
    InvalidInput,
    KeyMismatch,
    MissingLibrary,
    NoSuchInterface,
    Problem,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    Partial,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    Interface,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import names_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import FILE_STEPS, Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.warnings import (
    disabled_warnings,
    hidden_key_warnings,
    state_warnings,
)

Derive = Callable[[PrivateKey], PublicKey]
MakeKey = Callable[[], PrivateKey]

_NOT_YET = ". In a check it is not there yet where an earlier task would make it"


@dataclass(frozen=True)
class Outcome:
    """What a run found, did and left; in check mode, what it would do and leave."""

    observed: Interface
    settled: Interface
    steps: tuple[Step, ...]
    writes: int
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Tell whether anything differed."""
        return bool(self.steps)


@dataclass(frozen=True)
class KeyRules:
    """Where a missing private key comes from, and which public key is expected of the result."""

    make: MakeKey | None  # without it, the device makes the key of a new interface
    derive: Derive
    expected: PublicKey | None = None
    adopt: bool = True  # whether an interface that someone else has made may be taken over


class PlannedInterface:
    """An interface that is read, and what is to be done to it. Raises WireguardError for what cannot be."""

    def __init__(
        self, backend: Backend, desired: DesiredInterface, keys: KeyRules, check_mode: bool, must_exist: bool = False
    ) -> None:
        observed = read_if_possible(backend, desired.name, check_mode)
        if must_exist and not observed.exists:
            raise NoSuchInterface(
                f"the interface {observed.name} does not exist; make it first, with linux_interface or, on a router,"
                " with routeros_interface" + (_NOT_YET if check_mode else "")
            )
        refuse_foreign(observed, keys, desired.private_key)
        desired = adapted(desired, backend)
        if check_mode and _was_to_be_made(observed, desired, keys):
            made = DesiredInterface(name=desired.name, up=False)
            observed = apply_steps(observed, plan(observed, made, backend.files))
        desired = _with_key(desired, observed, keys, check_mode)
        if not observed.exists and isinstance(desired.up, Unset):
            desired = replace(desired, up=desired.start)
        _refuse_own_key(desired, observed, keys.derive)
        steps = plan(observed, desired, backend.files)
        predicted = replace(apply_steps(observed, steps), persist=given(desired.persist, observed.persist))
        self._backend, self._desired = backend, desired
        hidden = tuple(hidden_key_warnings(observed, desired, keys.derive))
        disabled = () if must_exist else tuple(disabled_warnings(predicted, desired))
        found = () if steps else tuple(state_warnings(observed))
        self.outcome = Outcome(observed, predicted, steps, 0, hidden + disabled + found)

    def carry_out(self) -> None:
        """Apply the steps, and see that nothing is left to do."""
        backend, observed, steps = self._backend, self.outcome.observed, self.outcome.steps
        if not steps:
            return
        writes = backend.apply(steps)
        settled = backend.read()
        # What the system chose by itself, such as a port, is known only now and belongs into the files too.
        rest = plan(settled, self._desired, backend.files)
        refused = [step for step in rest if not isinstance(step, FILE_STEPS)]
        if refused:
            names = ", ".join(sorted({type(step).__name__ for step in refused}))
            raise DeviceError(f"the device accepted everything and yet differs from what was asked for: {names}")
        if rest:
            writes += backend.apply(rest)
        warnings = (*self.outcome.warnings, *state_warnings(settled))
        done = (*steps, *_first_seen(rest, steps))
        self.outcome = Outcome(observed, apply_steps(settled, rest), done, writes, warnings)


def converge(
    backend: Backend, desired: DesiredInterface, keys: KeyRules, check_mode: bool, must_exist: bool = False
) -> Outcome:
    """Bring the interface to its desired state. Raises WireguardError."""
    planned = PlannedInterface(backend, desired, keys, check_mode, must_exist)
    if not check_mode:
        planned.carry_out()
    return planned.outcome


def read_if_possible(backend: Backend, name: str, check_mode: bool) -> Interface:
    """Observe; a check on a host that lacks even the library to look with sees the nothing that is there."""
    try:
        return backend.read()
    except MissingLibrary:
        if check_mode:
            return absent(name)
        raise


def _first_seen(rest: tuple[Step, ...], steps: tuple[Step, ...]) -> list[Step]:
    paths = {step.path for step in steps if isinstance(step, FILE_STEPS)}
    return [step for step in rest if isinstance(step, FILE_STEPS) and step.path not in paths]


def adapted(desired: DesiredInterface, backend: Backend) -> DesiredInterface:
    """Give the desired state in the device's own terms. Raises InvalidInput for what it does not know."""
    known = backend.capabilities()
    problems = [
        Problem(name, "is not known to this device")
        for name in ("fwmark", "rules", "routes", "persist", "default_route")
        if name not in known and not isinstance(getattr(desired, name), Unset)
    ]
    if "properties" not in known:
        groups = [desired.properties, *(peer.properties for peer in desired.peers)]
        problems += [Problem(name, "is not known to this device") for name in sorted(names_of(groups))]
    if problems:
        raise InvalidInput(problems)
    return backend.adapt(desired)


def refuse_foreign(observed: Interface, keys: KeyRules, private_key: Partial[PrivateKey]) -> None:
    """Raise ForeignInterface where somebody else's interface, or a file that makes one at boot, would be taken over.

    Ours is what has our mark, the pinned key or the key that it shall have: marks get lost with a host's files, and
    keys are brought by images. What carries nothing yet may be of a run that was killed, and nobody would miss it.
    """
    known = {keys.expected} if isinstance(private_key, Unset) else {keys.expected, keys.derive(private_key)}
    if keys.adopt or observed.is_marked or (observed.public_key is not None and observed.public_key in known):
        return
    number = len(observed.peers)
    carries = [f"{number} peer{'s' if number > 1 else ''}"] if number else []
    carries += [str(address) for address in sorted(observed.addresses)]
    files = sorted(path for path, file in observed.files.items() if file.foreign)
    if not carries and not files:
        return
    what = [f"an interface {observed.name} is there already ({', '.join(carries)})"] if carries else []
    what += [f"{path} is there already" for path in files]
    raise ForeignInterface(
        f"{' and '.join(what)}, and no run of this collection has made it; nothing was written. Either let the network"
        " have another name on this host (interface in its declaration), or have this one taken over, with its peers"
        " and addresses replaced by the declared ones: wireguard_adopt=true for roles and playbooks, adopt=true for"
        " modules"
    )


def _was_to_be_made(observed: Interface, desired: DesiredInterface, keys: KeyRules) -> bool:
    """Tell whether a check before this one has announced the interface, of which the device makes the key by itself.

    Else no key of it could be expected. It was announced with `start` off, since its port was not known then.
    """
    device_makes_key = keys.make is None and isinstance(desired.private_key, Unset)
    return desired.present and not observed.exists and device_makes_key and keys.expected is not None


def _with_key(desired: DesiredInterface, observed: Interface, keys: KeyRules, check_mode: bool) -> DesiredInterface:
    """Make the key where there is none, and hold the one that will serve against the expected one."""
    if not desired.present:
        if keys.expected is not None and observed.public_key not in (None, keys.expected):
            raise _mismatch(observed, keys.expected, observed.public_key)
        return desired
    if isinstance(desired.private_key, Unset) and observed.private_key is None:
        # A check comes before the run that makes the key, which then is the expected one.
        if keys.expected is not None and not check_mode:
            raise _mismatch(observed, keys.expected, None)
        return desired if keys.make is None else replace(desired, private_key=keys.make())
    if keys.expected is None:
        return desired
    # One that is hidden is not replaced, since nobody can tell whether it is the given one.
    if isinstance(desired.private_key, Unset) or observed.private_key in (desired.private_key, HIDDEN):
        actual = observed.public_key
    else:
        actual = keys.derive(desired.private_key)
    if actual != keys.expected:
        raise _mismatch(observed, keys.expected, actual)
    return desired


def _mismatch(observed: Interface, expected: PublicKey, actual: PublicKey | None) -> KeyMismatch:
    found = f"the public key of {observed.name} is {actual}" if actual else f"{observed.name} has no key"
    if observed.private_key is HIDDEN:
        found += ", and no other is set, since the user may not see the private one"
    return KeyMismatch(
        f"{found}, but {expected} is pinned for it; where the change is intended, take the pinned key out of the"
        " registry (public_key of this host in wireguard_registry.yml) and run again; where it is not, find out who"
        " changed it"
    )


def _refuse_own_key(desired: DesiredInterface, observed: Interface, derive: Derive) -> None:
    if not any(peer.present for peer in desired.peers):
        return
    own = observed.public_key if isinstance(desired.private_key, Unset) else derive(desired.private_key)
    for index, peer in enumerate(desired.peers):
        if peer.present and peer.public_key == own:
            sentence = "is the public key of this very interface: no one is their own peer"
            raise InvalidInput([Problem(f"peers[{index}].public_key", sentence)])
