# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scenario gets a bench on a host of its own, once for each backend.

WGFLEET_CONFORMANCE names backends (space between) that must not be skipped here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("ansible_collections.wgfleet.wireguard.tests.conformance.declarations")


from ansible_collections.wgfleet.wireguard.tests.conformance.benches import BENCHES, LINUX_BENCHES, Bench, LinuxBench
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import DEVICE, SIMULATED, Target, target_of


def _prepared(bench: Bench, folder: Path) -> Iterator[Bench]:
    reason = bench.missing()
    if reason and bench.name in os.environ.get("WGFLEET_CONFORMANCE", "").split():
        pytest.fail(f"{bench.name} must run here: {reason}")
    if reason:
        pytest.skip(reason)
    with bench.host(folder):
        yield bench


@pytest.fixture(params=BENCHES, ids=lambda bench: bench.name)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """One backend of all, with no interface yet."""
    yield from _prepared(request.param, tmp_path)


@pytest.fixture(params=LINUX_BENCHES, ids=lambda bench: bench.name)
def linux(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LinuxBench]:
    """One of the Linux backends."""
    yield from _prepared(request.param, tmp_path)


@pytest.fixture(params=[SIMULATED, DEVICE])
def reached(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A router that is not written to: a simulated one, and the one of the environment."""
    with target_of(request, writes=False) as target:  # pylint: disable=contextmanager-generator-missing-cleanup # pytest does
        yield target


@pytest.fixture(params=[SIMULATED, DEVICE])
def router(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The same two, and someone else has configured something."""
    with target_of(request, writes=True) as target:  # pylint: disable=contextmanager-generator-missing-cleanup # pytest does
        target.clear()
        target.sow()
        yield target
        target.clear()
