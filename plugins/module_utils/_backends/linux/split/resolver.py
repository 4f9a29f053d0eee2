# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which program resolves names on this host, and what all of them have in common here.

Rules of this file: a host resolves in one way, the one to which its /etc/resolv.conf leads. What that way cannot do is
refused before anything is written.
"""

from __future__ import annotations

import os
import re
from typing import Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import Job
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_contract import Resolver
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_dnsmasq import Dnsmasq
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_openresolv import (
    Openresolv,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_resolved import Resolved
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError

_RESOLV_CONF = "/etc/resolv.conf"
_STUB = "127.0.0.53"  # of systemd-resolved, systemd-resolved.service(8)
# Where programs ask the servers that resolved knows, and not resolved, systemd-resolved.service(8), "/etc/resolv.conf".
_UPLINK, _STUB_FILE = "/run/systemd/resolve/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"
_SWITCH = "/etc/nsswitch.conf"
_BY_RESOLVED = re.compile(r"^\s*hosts:[^#\n]*\bresolve\b", re.MULTILINE)  # nss-resolve(8)
_DEBIAN = "/etc/resolvconf/update.d"  # of the package resolvconf; openresolv has another
_SERVER = re.compile(r"^\s*nameserver\s+(\S+)", re.MULTILINE)

RESOLVERS: Mapping[str, type[Resolver]] = {"resolved": Resolved, "dnsmasq": Dnsmasq, "openresolv": Openresolv}


def find_resolver() -> str:
    """Give the name of the program that resolves names on this host. Raises DeviceError."""
    servers: Sequence[str] = _SERVER.findall(read_text(_RESOLV_CONF))
    is_uplink = os.path.realpath(_RESOLV_CONF) == _UPLINK
    if (_STUB in servers or is_uplink) and run_program(["resolvectl", "status"], may_fail=True):
        if is_uplink and not _BY_RESOLVED.search(read_text(_SWITCH)):
            raise DeviceError(
                f"programs of this host ask the servers of systemd-resolved themselves, and would ask any of them for"
                f" every name ({_RESOLV_CONF} leads to {_UPLINK}): link it to {_STUB_FILE}, or let them ask resolved by"
                f" 'resolve' among the hosts of {_SWITCH} (libnss-resolve), or leave dns out"
            )
        return "resolved"
    if any(server == "::1" or server.startswith("127.") for server in servers) and Dnsmasq.is_running():
        return "dnsmasq"
    if "openresolv" in run_program(["resolvconf", "--version"], may_fail=True):
        return "openresolv"
    if os.path.isdir(_DEBIAN):
        raise DeviceError(
            f"Debian's resolvconf makes {_RESOLV_CONF}, and cannot be told to ask our servers alone: install openresolv"
            " in its place, or let systemd-resolved or dnsmasq resolve names here, or leave dns out"
        )
    named = ", ".join(servers) or "no server"
    raise DeviceError(
        f"no program that this can manage resolves names here ({_RESOLV_CONF} names {named}):"
        " let systemd-resolved or dnsmasq do it, or install openresolv, or leave dns out"
    )


def resolver_of(job: Job | None) -> Resolver | None:
    """Give the resolver that a job names, if any."""
    return RESOLVERS[job.resolver](job.tunnel.interface, job.tunnel.dns) if job and job.resolver else None


def name_of(resolver: Resolver | None) -> str:
    """Give the name of a resolver, empty for none."""
    return next((name for name, kind in RESOLVERS.items() if isinstance(resolver, kind)), "")
