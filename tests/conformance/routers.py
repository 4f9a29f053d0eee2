# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module does to a router of a test, and what of it is someone else's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import RouterosBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Session
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import KeyRules, Outcome, converge
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import FOREIGN, Target
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

KEYS = KeyRules(None, public_key_of)
MENUS = [*FOREIGN, "/ipv6/address", "/ipv6/route", "/ipv6/firewall/filter", "/interface/list/member"]
STATISTICS = {"bytes", "packets", "rx", "tx", "last-handshake", "current-endpoint-address", "current-endpoint-port"}


def access(router: Target | Simulator, **changes: Any) -> Access:
    if isinstance(router, Target):
        return replace(router.access, **changes)
    return replace(Access("127.0.0.1", "admin", "", port=router.port, tls=False, timeout=5), **changes)


@contextlib.contextmanager
def backend(router: Target | Simulator, name: str = "wg0", **changes: Any) -> Iterator[RouterosBackend]:
    with contextlib.closing(RouterosBackend(name, Console(Session(access(router, **changes))))) as opened:
        yield opened


def run(router: Target | Simulator, desired: DesiredInterface, **changes: Any) -> Outcome:
    """Do what a module does."""
    with backend(router, desired.name, **changes) as opened:
        return converge(opened, desired, KEYS, check_mode=False)


def foreign(router: Target) -> dict[str, list[dict[str, str]]]:
    """Give all rows that are not ours."""
    return {
        menu: [
            {name: value for name, value in row.items() if name not in STATISTICS}
            for row in router.rows(menu)
            if "wg0" not in {row.get("interface"), row.get("name"), row.get("gateway")}
            and row.get("dynamic") != "true"
            and not row.get("comment", "").startswith("wgfleet ")
        ]
        for menu in MENUS
    }
