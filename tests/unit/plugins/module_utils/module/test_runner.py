# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds the flow of a module."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module import runner
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import INTERFACE, PEER, Arguments
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Senses

KEY = "oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI="
SENSES = Senses(probe=lambda *_all: None, clock=lambda *_all: None)


class Watched:
    """A device in memory that tells in which order it is used."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.state = Interface("wg0", private_key=(key := runner.new_private_key()), public_key=public_key_of(key))

    def capabilities(self) -> frozenset[str]:
        return frozenset({"fwmark", "rules", "routes", "persist"})

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        return desired

    def read(self) -> Interface:
        self.events.append("read")
        return self.state

    def files(self, interface: Interface) -> Mapping[str, File]:
        return {}

    def apply(self, steps: Sequence[Step]) -> int:
        self.events.append("apply")
        self.state = apply_steps(self.state, steps)
        return len(steps)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        self.events.append("lock")
        yield
        self.events.append("unlock")

    def gateway(self) -> None:
        return None

    def close(self) -> None:
        self.events.append("close")


def run_peer(open_backend: Callable[..., Any]) -> None:
    runner.run_peer(PEER, open_backend, public_key_of)


def run_interface(open_backend: Callable[..., Any]) -> None:
    runner.run_interface(INTERFACE, open_backend, public_key_of, SENSES)


@pytest.mark.parametrize(
    ("check_mode", "order"),
    [(False, ["lock", "read", "apply", "read", "unlock", "close"]), (True, ["read", "close"])],
)
@pytest.mark.parametrize(
    ("module", "params"),
    [
        (run_peer, {"interface": "wg0", "public_key": KEY, "state": "present"}),
        (run_interface, {"name": "wg0", "state": "present", "listen_port": 13231, "enabled": True}),
    ],
)
def test_a_run_is_alone_from_before_it_reads_until_it_has_written_and_a_check_writes_no_lock(
    monkeypatch: pytest.MonkeyPatch,
    module: Callable[[Callable[..., Any]], None],
    params: dict[str, Any],
    check_mode: bool,
    order: list[str],
) -> None:
    def run(arguments: Arguments, work: runner.Work) -> None:
        every = {name: option.get("default") for name, option in arguments.spec.items()}
        warn = events.append
        work(SimpleNamespace(params={**every, **params}, check_mode=check_mode, warn=warn))

    events: list[str] = []
    monkeypatch.setattr(runner, "run", run)
    module(lambda _name, _params: Watched(events))
    assert events == order
