# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers by systemd-resolved: those of the link.

Rules of this file: resolved forgets a link's servers with the link, so that they are told again whenever it appears, by
our service. A link of systemd-networkd has its servers from there, and no other program may set them.
"""

from __future__ import annotations

import os

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_contract import Resolver
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    InvalidInput,
    Problem,
)

_NETWORKD_FILE = "/etc/systemd/network/50-wgfleet-{}.network"  # of linux_interface with persist: networkd
_EVERY = "~."  # a routing domain that every name is in, resolvectl(1)


class Resolved(Resolver):
    """The link in systemd-resolved."""

    def refuse_unknown(self) -> None:
        """Raise InvalidInput for several groups of servers, of which a link has one."""
        if len({each.servers for each in self.wanted}) > 1:
            sentence = "has other servers than dns[0]: systemd-resolved has one group of them for a link"
            raise InvalidInput([Problem("dns[1].servers", sentence)])
        if os.path.exists(_NETWORKD_FILE.format(self.interface)):
            raise DeviceError(
                f"systemd-networkd has the link {self.interface}, and lets no other program set its name servers: make"
                " the interface with persist: wg_quick, or leave dns out"
            )

    def desired(self) -> str:
        """Give servers and domains."""
        servers, domains = self._words()
        return "\n".join([" ".join(servers), " ".join(domains)])

    def observed(self) -> str:
        """Give servers and domains that the link has."""
        servers, domains = (self._shown(word) for word in ("dns", "domain"))
        return f"{servers}\n{domains}" if servers else ""

    def put(self) -> None:
        """Tell resolved."""
        servers, domains = self._words()
        run_program(["resolvectl", "dns", self.interface, *servers])
        run_program(["resolvectl", "domain", self.interface, *domains])
        run_program(["resolvectl", "default-route", self.interface, "yes" if _EVERY in domains else "no"])

    def drop(self) -> None:
        """Let resolved forget the link."""
        run_program(["resolvectl", "revert", self.interface])

    def _words(self) -> tuple[list[str], list[str]]:
        domains = [f"~{domain}" if domain else _EVERY for each in self.wanted for domain in each.domains or ("",)]
        return list(self.wanted[0].servers), list(dict.fromkeys(domains))

    def _shown(self, word: str) -> str:
        return run_program(["resolvectl", word, self.interface], may_fail=True).partition("): ")[2].strip()
