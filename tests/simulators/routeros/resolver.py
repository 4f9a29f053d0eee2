# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's DNS server while it runs: dnsmasq in the namespace, started anew for each change."""

from __future__ import annotations

import subprocess

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.namespace_commands import Namespace

COMMAND = ("dnsmasq", "--keep-in-foreground", "--conf-file=-")
STOP_SECONDS = 10.0


class Resolver:
    """One process, or none."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._process: subprocess.Popen[str] | None = None
        self._text = ""

    def commit(self, text: str) -> None:
        """Let it answer as the text says."""
        if text != self._text:
            self.close()
            self._text = text
            self._process = self._namespace.start("started, version", *COMMAND, text=text)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=STOP_SECONDS)
        self._process, self._text = None, ""
