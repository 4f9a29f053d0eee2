# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients asked, one JSON line each, for tests that count round trips and writes. Secrets are left out."""

from __future__ import annotations

import json
import time
from pathlib import Path

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import HIDDEN

SECRETS = ("password", "private-key", "preshared-key", "response")


class Journal:
    """Writes to a file, or nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def note(self, session: int, request: Request, refused: str) -> None:
        """Write down one request; ``refused`` is the message of its trap."""
        if self._file is None:
            return
        shown = {name: HIDDEN if name in SECRETS else text for name, text in request.attributes.items()}
        line = {
            "time": time.time(),
            "session": session,
            "path": request.path,
            "attributes": shown,
            "queries": request.queries,
            "tag": request.tag,
            "write": request.writes,
            "refused": refused,
        }
        self._file.write(json.dumps(line) + "\n")
