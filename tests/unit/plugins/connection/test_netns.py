# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way leads into a namespace; that the ways work is proved in tests/lab."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.wgfleet.wireguard.plugins.connection.netns import entry_command


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    networks, lab = tmp_path / "netns", tmp_path / "lab"
    networks.mkdir()
    lab.mkdir()
    (networks / "demo-office1").touch()
    return networks, lab


def test_plain_namespace_shares_the_files_of_the_controller(places: tuple[Path, Path]) -> None:
    assert entry_command("demo-office1", *places) == ["ip", "netns", "exec", "demo-office1"]


def test_host_of_a_lab_has_its_own_files(places: tuple[Path, Path]) -> None:
    networks, lab = places
    (lab / "demo-office1").mkdir()
    (lab / "demo-office1" / "mnt").touch()
    assert entry_command("demo-office1", *places) == [
        "nsenter",
        f"--net={networks}/demo-office1",
        f"--mount={lab}/demo-office1/mnt",
        "--",
    ]


@pytest.mark.parametrize("name", ["demo-office2", "", "..", "a/b"])
def test_name_that_is_no_namespace_is_refused_with_what_to_do(places: tuple[Path, Path], name: str) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="ansible_netns") as caught:
        entry_command(name, *places)
    assert f"'{name}'" in str(caught.value)
