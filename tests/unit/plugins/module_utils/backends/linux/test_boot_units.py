# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd is told; molecule/systemd sees it do what it was told."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot import units
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import ProgramError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemoveFile,
    RemoveInterface,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

UNITS = "/etc/systemd/system"
KILL_SWITCH = f"{UNITS}/wgfleet-kill-switch-wg0.service"
START = f"{UNITS}/multi-user.target.wants/wg-quick@wg0.service"
FILE = File(SecretText(b""))


@pytest.fixture
def told(monkeypatch):
    said = []

    def systemctl(*words):
        said.append(" ".join(words))
        if "wg-quick" in words[-1]:
            raise ProgramError("it fails, since its interface has gone")

    monkeypatch.setattr(units, "systemctl", systemctl)
    return said


@pytest.fixture
def root(tmp_path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([WriteFile("/etc/wireguard/wg0.conf", FILE)], []),
        ([WriteFile(START, FILE)], ["daemon-reload"]),
        ([WriteFile(KILL_SWITCH, FILE)], ["daemon-reload", "start wgfleet-kill-switch-wg0.service"]),
        ([RemoveFile(KILL_SWITCH)], ["daemon-reload", "stop wgfleet-kill-switch-wg0.service"]),
        ([RemoveFile(START)], ["daemon-reload"]),
        (
            [RemoveInterface("wg0"), RemoveFile(START)],
            ["daemon-reload", "stop wg-quick@wg0.service", "reset-failed wg-quick@wg0.service"],
        ),
    ],
)
def test_systemd_is_told_of_units_and_of_nothing_else(told, root, steps, words):
    units.tell_systemd("wg0", steps, str(root))
    assert told == words


def test_where_systemd_does_not_run_nothing_is_told(told, tmp_path):
    units.tell_systemd("wg0", [WriteFile(KILL_SWITCH, FILE)], str(tmp_path))
    assert told == []
