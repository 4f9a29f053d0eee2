# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RouterOS backend, with a simulator for each scenario, or with the router that the environment names.

Scenarios make and remove the interfaces wg0 and wg1 with all that hangs on them, so a router that is not thrown away
has to be named as one that may be written to: see tests/device/access.py.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import RouterosBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import (
    Command,
    Session,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_judge import RouterJudge
from ansible_collections.wgfleet.wireguard.tests.device.access import Login, device_login
from ansible_collections.wgfleet.wireguard.tests.device.access import missing as device_lacks
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import simulator

RELEASES = ("7.9", "7.15", "7.17", "7.22.2")
# What no source is sure of, answered the other way.
DOUBTS = (
    "secrets-in-print=hidden",
    "keepalive-zero=0s",
    "bare-allowed-address=as-entered",
    "remove-list=until-error",
    "client-allowed-address=::/0",
    "unknown-proplist=trap",
    "absent-equals-empty=yes",
    "network-follows-address=no",
    "orphan-peers=remove",
    "duplicate-route=refuse",
    "wireguard-link-local=no",
    "allowed-overlap=refuse",
    "empty-peer-name=empty",
)
INTERFACES = ("wg0", "wg1")


class WroteAnyway(AssertionError):
    """A sealed backend was made to write."""


class SealedRouterosBackend(RouterosBackend):
    """The RouterOS backend with its one place of writing shut."""

    def _write(self, commands: Sequence[Command], gone_is_done: bool = False) -> list[str]:
        if commands:
            raise WroteAnyway(str(commands))
        return []


class RouterosBench:
    """A router of one release, or, with no release, the one that the environment names."""

    def __init__(self, release: str = "", doubts: Sequence[str] = ()) -> None:
        self.name = f"routeros-{release}" if release else "routeros-device"
        self.name += "-doubtful" if doubts else ""
        self.release = release
        self.flags = [flag for doubt in doubts for flag in ("--unconfirmed", doubt)]
        self.login = Login("", "", "")

    def missing(self) -> str:
        if importlib.util.find_spec("librouteros") is None:
            return "librouteros is not installed"
        return "" if self.release else device_lacks(writes=True)

    @contextlib.contextmanager
    def host(self, folder: Path) -> Iterator[None]:
        if self.release:
            with simulator("--version", self.release, *self.flags) as running:
                self.login = Login("127.0.0.1", "admin", "", running.port)
                yield
            return
        self.login = device_login() or self.login
        with contextlib.closing(RouterJudge(self.login)) as judge:
            judge.clear(*INTERFACES)
            yield
            judge.clear(*INTERFACES)

    def open(self, name: str = "wg0", sealed: bool = False) -> RouterosBackend:
        access = Access(
            self.login.host, self.login.username, self.login.password, port=self.login.port, tls=False, timeout=60
        )
        return (SealedRouterosBackend if sealed else RouterosBackend)(name, Console(Session(access)))

    def shown(self, name: str = "wg0") -> Shown | None:
        with contextlib.closing(RouterJudge(self.login)) as judge:
            return judge.shown(name)

    def roam(self, peer: PublicKey, endpoint: str) -> None:
        """Do nothing: packets alone change where a router hears a peer, as in tests/lab/test_routeros_dataplane.py."""
