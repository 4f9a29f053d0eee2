# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers by openresolv, which makes /etc/resolv.conf.

Rules of this file: a resolv.conf has servers for every name and cannot tell domains apart. Ours are exclusive (-x), so
that no other server is asked. They are told again after a boot, by our service.
"""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_contract import Resolver
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem


class Openresolv(Resolver):
    """What openresolv has of the interface."""

    def refuse_unknown(self) -> None:
        """Raise InvalidInput for domains."""
        sentence = "cannot be told apart by openresolv: let systemd-resolved or dnsmasq resolve names on this host"
        problems = [
            Problem(f"dns[{index}].domains", sentence) for index, each in enumerate(self.wanted) if each.domains
        ]
        if problems:
            raise InvalidInput(problems)

    def desired(self) -> str:
        """Give the lines."""
        servers = dict.fromkeys(server for each in self.wanted for server in each.servers)
        return "\n".join(f"nameserver {server}" for server in servers)

    def observed(self) -> str:
        """Give the lines that openresolv has."""
        lines = run_program(["resolvconf", "-l", self._label()], may_fail=True).splitlines()
        return "\n".join(line.strip() for line in lines if line.startswith("nameserver "))

    def put(self) -> None:
        """Tell openresolv."""
        run_program(["resolvconf", "-x", "-m", "0", "-a", self._label()], self.desired() + "\n")

    def drop(self) -> None:
        """Let openresolv forget it."""
        run_program(["resolvconf", "-f", "-d", self._label()])

    def _label(self) -> str:
        return f"{self.interface}.wgfleet"
