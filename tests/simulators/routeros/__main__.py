# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the simulator: ``python -m ansible_collections.wgfleet.wireguard.tests.simulators.routeros --help``."""

from __future__ import annotations

import sys

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.command_line import main

if __name__ == "__main__":
    sys.exit(main())
