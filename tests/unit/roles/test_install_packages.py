# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of packages of the role install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles/install"
VARIABLES: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
PACKAGES: dict[str, dict[str, str]] = VARIABLES["install_packages"]


def test_the_promised_systems_are_known() -> None:
    assert set(PACKAGES) == {"Debian", "RedHat", "Archlinux", "Alpine", "Gentoo"}
    assert set(VARIABLES["install_hints"]) <= set(PACKAGES)


@pytest.mark.parametrize("family", PACKAGES)
def test_each_system_has_tools_and_library_and_nothing_without_a_name_for_people(family: str) -> None:
    assert {"tools", "library", "filter"} <= set(PACKAGES[family]) <= set(VARIABLES["install_words"])
    assert all("wireguard" in name or "pyroute2" in name or "nftables" in name for name in PACKAGES[family].values())
