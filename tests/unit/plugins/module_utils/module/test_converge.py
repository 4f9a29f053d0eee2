# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of a module, on a backend in memory that keeps to the contract."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    ForeignInterface,
    KeyMismatch,
    MissingLibrary,
    NoSuchInterface,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    Interface,
    Peer,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    PublicKey,
    SecretText,
    clamp,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import KeyRules, converge


class Memory:
    """A device in memory; `deaf` accepts every step and does none."""

    def __init__(self, state: Interface, deaf: bool = False) -> None:
        self.state = state
        self.deaf = deaf
        self.applied: list[Step] = []

    def capabilities(self) -> frozenset[str]:
        return frozenset({"fwmark", "rules", "routes", "persist"})

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        return desired

    def read(self) -> Interface:
        return self.state

    def files(self, interface: Interface) -> Mapping[str, File]:
        return {}

    def apply(self, steps: Sequence[Step]) -> int:
        self.applied += steps
        if not self.deaf:
            self.state = apply_steps(self.state, steps)
        return len(steps)

    def gateway(self) -> None:
        return None

    def close(self) -> None: ...


class WithoutLibrary(Memory):
    """A host on which the library to look with is not installed yet."""

    def read(self) -> Interface:
        raise MissingLibrary("no library")


def new_key() -> PrivateKey:
    return clamp(os.urandom(32))


RULES = KeyRules(new_key, public_key_of)
DESIRED = DesiredInterface("wg0", listen_port=13231)


def test_a_new_interface_is_up_unless_it_is_to_wait() -> None:
    waiting = DesiredInterface("wg0", start=False)
    assert converge(Memory(absent("wg0")), DesiredInterface("wg0"), RULES, check_mode=False).settled.up
    assert not converge(Memory(absent("wg0")), waiting, RULES, check_mode=False).settled.up
    running = Memory(absent("wg0"))
    converge(running, DESIRED, RULES, check_mode=False)
    assert converge(running, waiting, RULES, check_mode=False).steps == ()
    assert running.state.up


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_interface_that_a_run_has_left_disabled_is_told_unless_that_is_asked_for(check_mode: bool) -> None:
    def said(desired: DesiredInterface, must_exist: bool = False) -> tuple[str, ...]:
        left = Interface("wg0", private_key=(key := new_key()), public_key=public_key_of(key))
        return converge(Memory(left), desired, RULES, check_mode, must_exist).warnings

    (alone,) = said(DesiredInterface("wg0"))
    assert alone.startswith("wg0 is disabled: enabled=true brings it up")
    (routed,) = said(replace(DESIRED, routes=frozenset({Route(parse_prefix("10.1.0.0/16"))})))
    assert routed.startswith("wg0 is disabled, and none of its routes is there: enabled=true")
    for quiet in ({"up": True}, {"up": False}, {"start": False}, {"present": False}):
        assert said(replace(DESIRED, **quiet)) == ()
    assert said(DESIRED, must_exist=True) == ()


def test_a_check_announces_the_same_steps_on_a_host_that_lacks_even_the_library() -> None:
    def named(backend: Memory) -> list[str]:
        return [type(step).__name__ for step in converge(backend, DESIRED, RULES, check_mode=True).steps]

    assert named(WithoutLibrary(absent("wg0"))) == named(Memory(absent("wg0"))) != []


def test_a_run_needs_the_library() -> None:
    with pytest.raises(MissingLibrary):
        converge(WithoutLibrary(absent("wg0")), DESIRED, RULES, check_mode=False)


def test_a_check_applies_nothing_and_a_second_run_finds_nothing_to_do() -> None:
    backend = Memory(absent("wg0"))
    announced = converge(backend, DESIRED, RULES, check_mode=True)
    assert backend.applied == []
    first = converge(backend, DESIRED, RULES, check_mode=False)
    assert [type(step) for step in first.steps] == [type(step) for step in announced.steps]
    second = converge(backend, DESIRED, RULES, check_mode=False)
    assert (second.changed, second.writes) == (False, 0)


def test_what_will_not_come_up_at_boot_is_told_by_each_run() -> None:
    backend = Memory(replace(absent("wg0"), boot_obstacle="no wg-quick"))
    for _run in range(2):
        outcome = converge(backend, DESIRED, RULES, check_mode=False)
        assert outcome.warnings == ("wg0 will not come up at boot: no wg-quick",)


def test_a_device_that_accepts_and_does_not_do_is_an_error() -> None:
    with pytest.raises(DeviceError, match="accepted everything and yet differs"):
        converge(Memory(absent("wg0"), deaf=True), DESIRED, RULES, check_mode=False)


def test_another_key_than_the_pinned_one_is_refused_before_the_first_step() -> None:
    backend = Memory(absent("wg0"))
    pinned = PublicKey(os.urandom(32))
    desired = DesiredInterface("wg0", private_key=new_key())
    with pytest.raises(KeyMismatch, match=str(pinned).replace("+", r"\+")):
        converge(backend, desired, KeyRules(new_key, public_key_of, pinned), check_mode=False)
    assert backend.applied == []


def test_a_peer_needs_its_interface() -> None:
    with pytest.raises(NoSuchInterface, match="wg0 does not exist"):
        converge(Memory(absent("wg0")), DESIRED, RULES, check_mode=False, must_exist=True)


def test_a_lost_key_is_told_where_another_would_be_made_in_its_place() -> None:
    backend = Memory(absent("wg0"))
    rules = KeyRules(new_key, public_key_of, PublicKey(os.urandom(32)))
    with pytest.raises(KeyMismatch, match=r"wg0 has no key, but .* is pinned"):
        converge(backend, DESIRED, rules, check_mode=False)
    assert backend.applied == []


def in_use(key: PrivateKey) -> Interface:
    """An interface that carries something."""
    peer = PublicKey(os.urandom(32))
    return Interface("wg0", private_key=key, public_key=public_key_of(key), up=True, peers={peer: Peer(peer)})


CAUTIOUS = replace(RULES, adopt=False)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("present", [False, True])
def test_what_somebody_else_uses_is_neither_taken_over_nor_removed(check_mode: bool, present: bool) -> None:
    backend = Memory(in_use(new_key()))
    desired = DesiredInterface("wg0", present=present, private_key=new_key())
    with pytest.raises(ForeignInterface, match="wireguard_adopt=true"):
        converge(backend, desired, CAUTIOUS, check_mode)
    assert backend.applied == []
    converge(backend, desired, RULES, check_mode)


def test_a_mark_or_a_key_that_we_know_makes_an_interface_ours() -> None:
    key = new_key()
    found = in_use(key)
    converge(Memory(replace(found, is_marked=True)), DESIRED, CAUTIOUS, check_mode=False)
    converge(Memory(found), replace(DESIRED, private_key=key), CAUTIOUS, check_mode=False)
    converge(Memory(found), DESIRED, replace(CAUTIOUS, expected=public_key_of(key)), check_mode=False)


def test_what_a_killed_run_has_left_bare_is_gone_on_with() -> None:
    bare = Interface("wg0", private_key=(key := new_key()), public_key=public_key_of(key))
    converge(Memory(bare), replace(DESIRED, private_key=new_key()), CAUTIOUS, check_mode=False)


def test_a_file_of_somebody_else_counts_as_the_interface_that_it_makes_at_boot() -> None:
    file = File(SecretText(b"[Interface]"), foreign=True)
    with pytest.raises(ForeignInterface, match=r"^/etc/wireguard/wg0\.conf is there already"):
        converge(Memory(replace(absent("wg0"), files={"/etc/wireguard/wg0.conf": file})), DESIRED, CAUTIOUS, False)
