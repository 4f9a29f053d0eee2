# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations for the scenarios, and the law that every run has to keep."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Route
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import changed
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemoveFile,
    Step,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    clamp,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import adapted
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import Bench


def private_key() -> PrivateKey:
    return clamp(os.urandom(32))


def public_key() -> PublicKey:
    return PublicKey(os.urandom(32))


def preshared_key() -> PresharedKey:
    return PresharedKey(os.urandom(32))


def prefixes(*texts: str) -> frozenset[Any]:
    return frozenset(map(parse_prefix, texts))


def addresses(*texts: str) -> frozenset[Any]:
    return frozenset(map(parse_interface_address, texts))


def routes(*texts: str, **rest: int) -> frozenset[Route]:
    return frozenset(Route(parse_prefix(text), **rest) for text in texts)


def peer(*allowed_ips: str, key: PublicKey | None = None, endpoint: str = "", **fields: Any) -> DesiredPeer:
    """Give a peer with these allowed IPs."""
    if endpoint:
        fields["endpoint"] = parse_endpoint(endpoint)
    return DesiredPeer(key or public_key(), allowed_ips=prefixes(*allowed_ips), **fields)


def interface(*peers: DesiredPeer, **fields: Any) -> DesiredInterface:
    """Give an interface that is up and has a key."""
    return DesiredInterface("wg0", **{"private_key": private_key(), "up": True, "peers": peers, **fields})


def converge(bench: Bench, declared: DesiredInterface) -> tuple[Step, ...]:
    """Bring the device to the desired state and give the steps.

    The law: what the steps are said to do is what they did; then there is nothing more to do, and nothing is written.
    """
    with contextlib.closing(bench.open(declared.name)) as backend:
        observed = backend.read()
        desired = adapted(declared, backend)
        steps = plan(observed, desired, backend.files)
        writes = backend.apply(steps)
    assert bool(writes) == bool(steps)
    with contextlib.closing(bench.open(declared.name, sealed=True)) as sealed:
        settled = sealed.read()
        assert comparable(settled) == comparable(apply_steps(observed, steps), like=settled)
        assert_nothing_to_do(sealed, adapted(declared, sealed), settled)
    return steps


def apply(bench: Bench, desired: DesiredInterface) -> None:
    """Bring the device to the desired state without further questions."""
    with contextlib.closing(bench.open(desired.name)) as backend:
        backend.apply(plan(backend.read(), desired, backend.files))


def assert_nothing_to_do(sealed: Backend, desired: DesiredInterface, observed: Interface) -> None:
    again = plan(observed, desired, sealed.files)
    assert again == ()
    assert sealed.apply(again) == 0


def comparable(seen: Interface, like: Interface | None = None) -> Interface:
    """Give the interface without statistics and without what a system chooses by itself."""
    chosen = like or seen
    return replace(
        seen,
        public_key=chosen.public_key,
        listen_port=seen.listen_port or chosen.listen_port,
        implementation=chosen.implementation,
        persist=chosen.persist,
        properties=changed(chosen.properties, seen.properties),
        peers={
            key: peer._replace(
                name=peer.name or (chosen.peers[key].name if key in chosen.peers else ""),
                current_endpoint=None,
                last_handshake=0.0,
                rx_bytes=0,
                tx_bytes=0,
                properties=changed(
                    chosen.peers[key].properties if key in chosen.peers else frozenset(), peer.properties
                ),
            )
            for key, peer in seen.peers.items()
        },
    )


def kinds(steps: Sequence[Step]) -> list[str]:
    """Give the names of the live steps' types in their order."""
    return [type(step).__name__ for step in steps if not isinstance(step, (WriteFile, RemoveFile))]


def in_child(action: Callable[[], None]) -> int:
    """Run something in a process of its own and give its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
