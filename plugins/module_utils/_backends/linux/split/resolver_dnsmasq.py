# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers by dnsmasq: one file below /etc/dnsmasq.d, which is read when dnsmasq starts.

Rules of this file: dnsmasq reads its servers at its start only, so that it is restarted when the file changed; that it
has read the file is told by the age of its pid file (dnsmasq(8), "NOTES" and --server).
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_contract import Resolver
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import runs_systemd
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError

_DIRECTORY = "/etc/dnsmasq.d"
_OTHERS = ("/etc/dnsmasq.conf",)
_PID_FILES = ("/run/dnsmasq/dnsmasq.pid", "/run/dnsmasq.pid", "/var/run/dnsmasq.pid")
_SCRIPT = "/etc/init.d/dnsmasq"
_FOR_ALL = re.compile(r"^\s*server\s*=\s*[^/\s]", re.MULTILINE)


class Dnsmasq(Resolver):
    """The dnsmasq that serves this host."""

    @staticmethod
    def is_running() -> bool:
        """Tell whether the host's own dnsmasq runs and reads the directory of ours."""
        return bool(_pid_file()) and os.path.isdir(_DIRECTORY)

    def refuse_unknown(self) -> None:
        """Raise DeviceError where other servers would be asked for every name too, or nothing can restart dnsmasq."""
        if any(not each.domains for each in self.wanted):
            for path in self._others():
                if _FOR_ALL.search(read_text(path)):
                    raise DeviceError(f"{path} names a server for every name: take it out, or give dns[].domains")
        if not runs_systemd() and not os.path.exists(_SCRIPT):
            raise DeviceError(f"dnsmasq cannot be restarted here: there is neither systemd nor {_SCRIPT}")

    def files(self) -> Mapping[str, str]:
        """Give the file."""
        return {self._path(): f"{MANAGED}\n" + "".join(f"{line}\n" for line in self._lines())}

    def paths(self) -> Sequence[str]:
        """Give the path of the file."""
        return (self._path(),)

    def desired(self) -> str:
        """Give the servers."""
        return "\n".join(self._lines())

    def observed(self) -> str:
        """Give the servers that dnsmasq has read, or that it has read something else."""
        pid_file = _pid_file()
        with contextlib.suppress(FileNotFoundError):
            if pid_file and os.stat(pid_file).st_mtime_ns >= os.stat(self._path()).st_mtime_ns:
                return "\n".join(read_text(self._path()).splitlines()[1:])
        return "not read"

    def put(self) -> None:
        """Restart dnsmasq."""
        run_program(["systemctl", "restart", "dnsmasq"] if runs_systemd() else [_SCRIPT, "restart"])

    def drop(self) -> None:
        """Restart dnsmasq, which then no longer finds the file."""
        self.put()

    def _path(self) -> str:
        return f"{_DIRECTORY}/wgfleet-{self.interface}.conf"

    def _others(self) -> list[str]:
        names = sorted(os.listdir(_DIRECTORY))
        return [*_OTHERS, *(path for path in (f"{_DIRECTORY}/{name}" for name in names) if path != self._path())]

    def _lines(self) -> Iterator[str]:
        for each in self.wanted:
            for server in each.servers:
                yield from (f"server=/{domain}/{server}" for domain in each.domains)
                if not each.domains:
                    yield f"server={server}"
        if any(not each.domains for each in self.wanted):
            yield "no-resolv"


def _pid_file() -> str:
    for path in _PID_FILES:
        number = read_text(path).strip()
        if number.isdigit() and read_text(f"/proc/{number}/comm").strip() == "dnsmasq":
            return path
    return ""
