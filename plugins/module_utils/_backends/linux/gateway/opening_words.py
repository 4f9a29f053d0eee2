# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings in words, for whoever has to open by hand what cannot be opened here.

Rules of this file: pure. One opening is one clause, in no firewall's language: `udp 51820 in`, `udp 53 in from
10.9.0.0/24 wg0`, `10.9.0.0/24 wg0 -> wan`.
"""

from __future__ import annotations

from typing import Iterable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import INPUT, Opening


def opening_words(opening: Opening) -> str:
    """Give the clause for one opening."""
    what = " ".join(filter(None, (opening.protocol, str(opening.port or ""))))
    sender = _end(opening.source, opening.in_interface)
    if opening.chain == INPUT:
        return " ".join(filter(None, (what or "everything", "in", sender and f"from {sender}")))
    ends = f"{sender or 'any'} -> {_end(opening.destination, opening.out_interface) or 'any'}"
    return " ".join(filter(None, (what, ends, "(answers)" if opening.replies else "")))


def with_openings(reason: str, openings: Iterable[Opening]) -> str:
    """Give a reason, and what has to be opened all the same. What differs in the IP version alone is said once."""
    words = dict.fromkeys(map(opening_words, openings))
    return f"{reason}. To be opened: {'; '.join(words)}" if words else reason


def _end(prefix: object, interface: str) -> str:
    return " ".join(filter(None, (str(prefix or ""), interface)))
