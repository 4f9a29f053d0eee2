# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real systemd-networkd makes of our files the device itself, where the kernel has WireGuard."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.lone_host import LoneHost, lone_host
from ansible_collections.wgfleet.wireguard.tests.lab.test_boot_files import (
    NETWORKD,
    NETWORKD_INTERFACE,
    install,
    networkd_log,
    prepare_networkd,
    require_state,
)

COLLECTIONS = Path(__file__).resolve().parents[2] / ".ansible/collections"
# Inside the host: a run has nothing to do after such a boot, and a removal leaves nothing.
RUN_AND_REMOVE = """
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.tests.lab.test_boot_files import NETWORKD_INTERFACE, desired_of

backend = LinuxBackend("wgboot")
left = plan(backend.read(), desired_of(NETWORKD_INTERFACE), backend.files)
assert left == (), left
backend.apply(plan(backend.read(), DesiredInterface("wgboot", present=False), backend.files))
assert backend.read().files == {} and not backend.read().exists
"""


def rules_of(host: LoneHost, family: str) -> list[str]:
    return host.run("ip", family, "rule", "show").stdout.splitlines()


@pytest.mark.skipif(not Path(NETWORKD).exists(), reason="systemd-networkd is not installed")
def test_kernel_has_from_networkd_the_very_interface_of_which_the_files_were_made() -> None:
    with lone_host() as host:
        install(host, NETWORKD_INTERFACE)
        prepare_networkd(host)
        log = networkd_log(host, "wgboot: State changed: configuring -> configured")
        assert not re.search(r"wgboot.*(Ignoring|missing|without|Failed)", log), log
        require_state(host, NETWORKD_INTERFACE)
        host.run("env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-c", RUN_AND_REMOVE)
        assert not [line for family in ("-4", "-6") for line in rules_of(host, family) if "lookup 100" in line]
