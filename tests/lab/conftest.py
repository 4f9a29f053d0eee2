# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that every test against a lab shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    Lab,
    Playbooks,
    Topology,
    building_labs,
    why_no_lab,
)


@pytest.fixture(scope="session", autouse=True)
def _lab_is_possible() -> None:
    if reason := why_no_lab():
        pytest.skip(reason)


@pytest.fixture
def lab() -> Iterator[Callable[[Topology], Lab]]:
    """``lab(topology)`` builds a lab (the demo's without argument) that ends with the test."""
    with building_labs() as build:
        yield build


@pytest.fixture(scope="module")
def module_lab() -> Iterator[Callable[[Topology], Lab]]:
    """As ``lab``, for labs that all tests of a file share."""
    with building_labs() as build:
        yield build


@pytest.fixture
def playbooks(tmp_path: Path) -> Playbooks:
    """``playbooks.run(play, inventory)`` runs ansible-playbook and gives its results as data."""
    (directory := tmp_path / "playbooks").mkdir()
    return Playbooks(directory)
