# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator and a client for each test that asks for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client


@pytest.fixture
def routeros() -> Iterator[Callable[..., Simulator]]:
    """``routeros("--version", "7.9", …)`` starts a simulator that ends with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *flags, **options: stack.enter_context(simulator(*flags, **options))


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """``connect(simulator, user, password)`` gives a client; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def build(router: Simulator, *arguments: Any, **options: Any) -> Client:
            return stack.enter_context(contextlib.closing(Client(router.port, *arguments, **options)))

        yield build


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    """One simulator of the newest profile for all tests of a file that leave no trace in what others read."""
    with simulator("--version", "7.22.2") as router:
        yield router


@pytest.fixture
def client(shared: Simulator, connect: Callable[..., Client]) -> Client:
    """A client of the shared simulator."""
    return connect(shared)
