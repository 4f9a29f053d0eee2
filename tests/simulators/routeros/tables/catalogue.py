# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All menus, by path."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables import (
    addressing,
    firewall,
    interfaces,
    system,
)

MENUS = (*interfaces.MENUS, *addressing.MENUS, *firewall.MENUS, *system.MENUS)


def menus(profile: Profile) -> dict[str, Menu]:
    """Give the menus of a version, in the order of an export."""
    return {menu.path: menu.of(profile) for menu in MENUS if menu.known(profile) and not profile.lacks(menu.path)}
