# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router that the environment names, and whether tests may write to it.

ROUTEROS_HOST, ROUTEROS_USERNAME and ROUTEROS_PASSWORD, and ROUTEROS_PORT unless it is 8728: the plain API of a router
or CHR.
ROUTEROS_TLS_PORT: where its TLS API is open, with a certificate that nobody vouches for.
ROUTEROS_MAY_DESTROY=yes: tests may write to it.
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Login(NamedTuple):
    """Where a router listens to the plain API."""

    host: str
    username: str
    password: str
    port: int = 8728
    tls_port: int = 0


def device_login() -> Login | None:
    """Give the login of the router that is named, or None."""
    host = os.environ.get("ROUTEROS_HOST")
    if not host:
        return None
    name, password = (os.environ.get(each, "") for each in ("ROUTEROS_USERNAME", "ROUTEROS_PASSWORD"))
    port, tls_port = (int(os.environ.get(f"ROUTEROS_{each}PORT") or 0) for each in ("", "TLS_"))
    return Login(host, name or "admin", password, port or 8728, tls_port)


def missing(writes: bool) -> str:
    """Say in words what lacks to use the router, empty where nothing."""
    if device_login() is None:
        return "ROUTEROS_HOST names no router"
    if writes and os.environ.get("ROUTEROS_MAY_DESTROY") != "yes":
        return "ROUTEROS_MAY_DESTROY=yes has to say that the router may be written to"
    return ""
