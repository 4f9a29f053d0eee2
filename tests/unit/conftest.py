# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do under ansible-test, which runs them by a configuration of its own, with each Python of a target."""

from __future__ import annotations

import pytest
from hypothesis import settings

FORKING = "ansible_forked"  # of ansible-test, which has no switch for it and hands on no variable of the environment

# Ten examples tell whether a Python runs the code; `./dev unit` looks for the rare ones.
settings.register_profile("ansible-test", max_examples=10, deadline=None, derandomize=True, database=None)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Run without a process for each test, which costs five times what the tests do: none of ours leaves anything."""
    if config.pluginmanager.hasplugin(FORKING):
        settings.load_profile("ansible-test")
        config.pluginmanager.unregister(name=FORKING)
