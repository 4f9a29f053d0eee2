# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and defaults that a declaration and the modules share.

Rules of this file: what a person does not say means the same in both.
"""

from __future__ import annotations

ONLY, EXCEPT = "only", "except"
SPLIT_MODES = (ONLY, EXCEPT)
DEFAULT_REFRESH = "daily"
DEFAULT_SHRINK_LIMIT = 20  # percent

# Which firewalls of a host are told what has to be open: all that rule it, or our own table alone.
ALL_FIREWALLS, OWN_FIREWALL = "auto", "own"
FIREWALLS = (ALL_FIREWALLS, OWN_FIREWALL)
