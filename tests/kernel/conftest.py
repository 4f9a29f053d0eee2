# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces and devices for the tests on a real kernel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from uuid import uuid4

import pytest


@pytest.fixture
def netns() -> Iterator[str]:
    """A network namespace with a kernel device ``wg0``, down and empty."""
    name = f"kernel-{uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "add", "wg0", "type", "wireguard"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
