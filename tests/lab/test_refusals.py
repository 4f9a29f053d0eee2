# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host refuses is told before anything is on any: no file of the controller, no package, no key.

The gateway is what is refused or not; the other host lacks programs, and would get them in the same run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, files, showconf, snapshot, star_fleet

GATE, OTHER = "one", "two"
UNPRIVILEGED = "/usr/local/bin/python-without-privilege"
NO_TOOLS = "rm -f /usr/bin/wg /usr/bin/wg-quick"
NO_KNOWN_SYSTEM = "cp /etc/os-release /etc/was; rm /etc/debian_version /etc/os-release; echo ID=plan9 >/etc/os-release"
KNOWN_SYSTEM = "echo 12.0 >/etc/debian_version; mv /etc/was /etc/os-release"
FIXED_SWITCHES = "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys"
FREE_SWITCHES = "umount /proc/sys"


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    built = star_fleet(module_lab, tmp_path_factory.mktemp("refusals"), GATE, OTHER, gateways={GATE: {}})
    built.variables["wireguard_install"] = True
    python = f'#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin {sys.executable} "$@"\n'
    built.lab.run(GATE, ["sh", "-c", f"cat >{UNPRIVILEGED}; chmod 755 {UNPRIVILEGED}"], input=python)
    built.lab.run(OTHER, ["sh", "-c", NO_TOOLS])
    return built


def state(fleet: Fleet) -> Any:
    """All that a run could write."""
    kept = sorted(path.name for path in (fleet.playbooks.directory / "inventory").glob("wireguard*"))
    return kept, [(snapshot(fleet.lab, host), files(fleet.lab, host)) for host in fleet.hosts]


def refused(fleet: Fleet) -> tuple[str, str]:
    """The one host that fails and what it says, after a run that has written nothing and installed nothing."""
    before = state(fleet)
    run: PlaybookRun = fleet.run(play="vpn_gateway", code=2)
    (failed,) = [entry for entry in run.results if entry.status == "failed"]
    assert [entry for entry in run.results if entry.action.endswith("package") and entry.status != "skipped"] == []
    assert run.changed() == 0
    assert state(fleet) == before
    return failed.host, failed.result["msg"]


def test_a_gateway_in_a_container_that_may_not_forward_is_refused(fleet: Fleet) -> None:
    fleet.lab.run(GATE, ["sh", "-ec", FIXED_SWITCHES])
    try:
        host, said = refused(fleet)
    finally:
        fleet.lab.run(GATE, ["sh", "-ec", FREE_SWITCHES])
    assert host == GATE
    assert said.startswith("gateway.forwarding: this host cannot forward: net.ipv4.ip_forward cannot be set")
    assert said.count("\n") == 0


def test_a_gateway_in_a_container_without_rights_is_refused(fleet: Fleet) -> None:
    own = f"{{{{ '{UNPRIVILEGED}' if inventory_hostname == '{GATE}' else ansible_playbook_python }}}}"
    fleet.variables["ansible_python_interpreter"] = own
    try:
        host, said = refused(fleet)
    finally:
        del fleet.variables["ansible_python_interpreter"]
    assert host == GATE
    assert said.startswith("gateway: the packet filter of this host cannot be changed: ")
    assert said.count("\n") == 0


def test_what_no_package_has_on_one_host_keeps_keys_off_the_others(fleet: Fleet) -> None:
    fleet.lab.run(OTHER, ["sh", "-ec", NO_KNOWN_SYSTEM])
    try:
        host, said = refused(fleet)
    finally:
        fleet.lab.run(OTHER, ["sh", "-ec", KNOWN_SYSTEM])
    assert (host, "the programs wg and wg-quick" in said) == (OTHER, True)


def test_a_gateway_that_goes_out_by_another_one_is_none_that_is_refused(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, GATE, OTHER, gateways={GATE: {}, OTHER: {}})
    fleet.members()[GATE]["gateway"] = OTHER
    fleet.run(play="vpn_gateway")
    assert "0.0.0.0/0" in str(showconf(fleet.lab, GATE))
