# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings a redirection back at boot: commands of a wg-quick file, and files of its own.

Rules of this file: pure; equal redirections give equal text. A kill switch is in force before there is a network, and
again after nftables has been started or reloaded, which throws all tables away. What a file does, it undoes, but for
the kill switch, whose point is to outlive the tunnel. The unit loads what is missing only: a table that is there knows
connections that the file does not. At the end, nftables.service throws all away again, but only when this unit has
ended, and as that stands before sysinit.target, all services of the common kind have ended by then.
"""

from __future__ import annotations

from typing import Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import kill_switch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED, ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    MAIN_TABLE,
    PUBLIC_MODE,
    File,
    Interface,
    UplinkRoute,
)

_UNITS = "/etc/systemd/system"
_STARTERS = ("sysinit.target", "nftables.service")
_LOAD = "/bin/sh -c '/usr/sbin/nft list table inet {table} >/dev/null 2>&1 || exec /usr/sbin/nft -f {path}'"
_UNIT = """{managed}
[Unit]
Description=Kill switch of the WireGuard interface {name}
DefaultDependencies=no
RequiresMountsFor=/etc/wireguard
Before=network-pre.target sysinit.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={load}
ExecReload={load}

[Install]
WantedBy={starters}
"""


def switches_path(name: str) -> str:
    """Give the path of the file by which switches are on at boot."""
    return f"/etc/sysctl.d/61-wgfleet-default-route-{name}.conf"


def rules_path(name: str) -> str:
    """Give the path of the kill switch."""
    return f"/etc/wireguard/{name}.kill-switch.nft"


def unit_path(name: str) -> str:
    """Give the path of the unit that loads the kill switch at boot."""
    return f"{_UNITS}/{unit_name(name)}"


def unit_name(name: str) -> str:
    """Give the name of that unit."""
    return f"wgfleet-kill-switch-{name}.service"


def unit_link_paths(name: str) -> tuple[str, ...]:
    """Give the paths of the links by which systemd starts that unit."""
    return tuple(f"{_UNITS}/{starter}.wants/{unit_name(name)}" for starter in _STARTERS)


def files_beside(interface: Interface, systemd: bool) -> Mapping[str, File]:
    """Give the files that a redirection needs beside those of its interface."""
    name, files = interface.name, {}
    if interface.switches:
        lines = [MANAGED, *(f"{switch} = 1" for switch in sorted(interface.switches)), ""]
        files[switches_path(name)] = File.of_text("\n".join(lines), PUBLIC_MODE)
    if interface.kill_switch:
        files[rules_path(name)] = File.of_text(f"{MANAGED}\n{kill_switch.render(name, interface.kill_switch)}")
        if systemd:
            files[unit_path(name)] = File.of_text(_unit(name), PUBLIC_MODE)
            link = File.link_to(unit_path(name))
            files.update({path: link for path in unit_link_paths(name)})
    return files


def before_up(interface: Interface) -> Iterator[str]:
    """Give the commands that come before the interface is up."""
    if interface.kill_switch:
        yield f"nft -f {rules_path(interface.name)}"


def before_routes(interface: Interface) -> Iterator[str]:
    """Give the commands that come before the routes through the interface."""
    for route in sorted(interface.detours):
        yield f"ip -{route.destination.version} route replace {_words(route)}"


def after_routes(interface: Interface) -> Iterator[str]:
    """Give the commands that come after the routes through the interface. Ours may have taken the place already."""
    for route in sorted(interface.displaced):
        yield f"ip -{route.destination.version} route del {_words(route)} 2>/dev/null || true"


def before_down(interface: Interface) -> Iterator[str]:
    """Give the commands that put the host's own default routes back, in the place of ours if need be."""
    ours = {(route.destination, route.table, route.metric) for route in interface.routes}
    for route in sorted(interface.displaced):
        verb = "replace" if (route.destination, route.table, route.metric) in ours else "add"
        yield f"ip -{route.destination.version} route {verb} {_words(route)} 2>/dev/null || true"


def after_down(interface: Interface) -> Iterator[str]:
    """Give the commands that take our routes beside the interface away."""
    for route in sorted(interface.detours):
        yield f"ip -{route.destination.version} route del {_words(route)} 2>/dev/null || true"


def _words(route: UplinkRoute) -> str:
    words = [str(route.destination)]
    words += ["via", route.gateway] if route.gateway else []
    words += ["dev", route.device]
    words += ["onlink"] if route.onlink else []
    words += ["src", route.source] if route.source else []
    words += ["metric", str(route.metric)] if route.metric else []
    words += ["table", str(route.table)] if route.table != MAIN_TABLE else []
    for name, value in route.metrics:
        words += [name, str(value)]
    return " ".join((*words, "proto", str(route.protocol or ROUTE_PROTOCOL)))


def _unit(name: str) -> str:
    load = _LOAD.format(table=kill_switch.table_name(name), path=rules_path(name))
    return _UNIT.format(managed=MANAGED, name=name, load=load, starters=" ".join(_STARTERS))
