# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a router is and how to log in.

Rules of this file: pure data; a password is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PLAIN_PORT, TLS_PORT = 8728, 8729


@dataclass(frozen=True)
class Access:
    """Where a router is and how to log in. `timeout` is in seconds and counts for each wait."""

    hostname: str
    username: str
    password: str = field(repr=False)
    password_file: str | None = None
    port: int | None = None
    tls: bool = True
    tls_anonymous: bool = False
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 10
    encoding: str = "utf-8"

    @property
    def address(self) -> str:
        """Give host and port for people."""
        return f"{self.hostname} port {self.resolved_port}"

    @property
    def resolved_port(self) -> int:
        """Give the port, or RouterOS' usual one."""
        return self.port or (TLS_PORT if self.tls else PLAIN_PORT)
