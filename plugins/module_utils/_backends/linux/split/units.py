# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units by which systemd brings a split tunnel up and refreshes its set.

Rules of this file: no I/O. The service runs at boot, and whenever the interface appears anew: with its device, and with
wg-quick, because a container has no devices in systemd's sense. It may run once too often and changes nothing then. The
set has a service of its own, which stays active: that is how it hears when nftables starts anew or reloads its rules,
which throws all tables away.
"""

from __future__ import annotations

import re
from typing import Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import NEVER, SplitTunnel

PROGRAM = "/usr/local/lib/wgfleet/split_tunnel.pyz"
UNITS = "/etc/systemd/system"

_UP = """{managed}
[Unit]
Description=Split tunnel through {name}
After={device} {quick} systemd-networkd.service

[Service]
Type=oneshot
ExecStart={python} {program} up {name}
"""
_TABLE = """{managed}
[Unit]
Description=Prefixes of the split tunnel through {name}
DefaultDependencies=no
RequiresMountsFor=/var/lib/wgfleet {program}
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={python} {program} load {name}
ExecReload={python} {program} load {name}
"""
_TABLE_STARTERS = ("sysinit.target", "nftables.service")
_REFRESH = """{managed}
[Unit]
Description=Refresh the prefixes of the split tunnel through {name}
Wants=network-online.target
After=network-online.target {service}

[Service]
Type=oneshot
ExecStart={python} {program} refresh {name}
"""
_TIMER = """{managed}
[Unit]
Description=Refresh the prefixes of the split tunnel through {name} now and then

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=1h
Persistent=true
"""


def service_of(name: str) -> str:
    """Give the unit that brings the split tunnel of an interface up."""
    return f"wgfleet-split-{_escaped(name)}.service"


def timer_of(name: str) -> str:
    """Give the timer that refreshes its set."""
    return f"wgfleet-split-refresh-{_escaped(name)}.timer"


def refresh_service_of(name: str) -> str:
    """Give the service that the timer starts."""
    return timer_of(name).replace(".timer", ".service")


def table_service_of(name: str) -> str:
    """Give the unit that loads its set."""
    return f"wgfleet-prefixes-{_escaped(name)}.service"


def unit_files(tunnel: SplitTunnel, python: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give the units by path, and the links that enable them: where each stands and where it leads."""
    name = tunnel.interface
    service, timer = service_of(name), timer_of(name)
    device = _device(name)
    quick = _quick(name)
    words = {
        "managed": MANAGED,
        "name": name.replace("%", "%%"),
        "device": device,
        "quick": quick,
        "python": python,
        "program": PROGRAM,
        "service": service,
        "calendar": tunnel.refresh,
    }
    files = {f"{UNITS}/{service}": _UP.format(**words)}
    links = {f"{UNITS}/{each}.wants/{service}": f"{UNITS}/{service}" for each in ("multi-user.target", device, quick)}
    if tunnel.routes:
        table = table_service_of(name)
        files[f"{UNITS}/{table}"] = _TABLE.format(**words)
        links.update({f"{UNITS}/{each}.wants/{table}": f"{UNITS}/{table}" for each in _TABLE_STARTERS})
    if _is_refreshed(tunnel):
        files[f"{UNITS}/{refresh_service_of(name)}"] = _REFRESH.format(**words)
        files[f"{UNITS}/{timer}"] = _TIMER.format(**words)
        links[f"{UNITS}/timers.target.wants/{timer}"] = f"{UNITS}/{timer}"
    return files, links


def without_systemd(tunnel: SplitTunnel, python: str) -> str:
    """Tell what the units would do, to whom has a host that cannot have them."""
    command = f"{python} {PROGRAM}"
    told = f"this host has no systemd: let its own init system run '{command} up {tunnel.interface}' at boot"
    return f"{told}, and '{command} refresh {tunnel.interface}' now and then" if _is_refreshed(tunnel) else told


def unit_paths(name: str) -> tuple[str, ...]:
    """Give all paths at which units of an interface and their links may stand."""
    every = SplitTunnel(name, files=("/",), refresh="daily")
    files, links = unit_files(every, "")
    return (*files, *links)


def unit_folders(name: str) -> tuple[str, ...]:
    """Give the directories that may have been made for an interface alone."""
    return tuple(f"{UNITS}/{unit}.wants" for unit in (_device(name), _quick(name), *_TABLE_STARTERS))


def _is_refreshed(tunnel: SplitTunnel) -> bool:
    return tunnel.fetches and tunnel.refresh != NEVER


def _quick(name: str) -> str:
    return f"wg-quick@{_escaped(name)}.service"


def _device(name: str) -> str:
    return f"sys-subsystem-net-devices-{_escaped(name, '-')}.device"


def _escaped(name: str, special: str = "") -> str:
    """Spell out what no name of a unit may hold, as systemd-escape(1) does."""
    return re.sub(rf"[^A-Za-z0-9:_.-]|[{special or '/'}]", lambda found: f"\\x{ord(found[0]):02x}", name)
