# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words by which results call steps and entries: `SetPeer` is `set_peer`."""

from __future__ import annotations

import re

_BETWEEN_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


def word_of(kind: type) -> str:
    """Give the name of a class as results say it."""
    return _BETWEEN_WORDS.sub("_", kind.__name__).lower()
