# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that set switches of the kernel at boot, as sysctl.d(5) and sysctl.conf(5) have them.

Rules of this file: no I/O. A switch has one name here, that of sysctl(8) with dots, whatever a file calls it; a pattern
for several switches is passed over.
"""

from __future__ import annotations

from typing import Iterable, Mapping

# In the order in which a file hides one of the same name; of different names, the last in the alphabet counts.
DIRECTORIES = ("etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d")
LAST = "etc/sysctl.conf"

_SWAP = str.maketrans("./", "/.")
_SAME = {"net.ipv4.conf.all.forwarding": "net.ipv4.ip_forward"}  # one switch by two names, devinet.c


def interface_switch(interface: str, switch: str, family: str = "ipv6") -> str:
    """Name a switch of one interface; a dot in the interface's name is written as a slash (sysctl.d(5))."""
    return f"net.{family}.conf.{interface.translate(_SWAP)}{switch}"


def path_of(switch: str) -> str:
    """Give the path of a switch below /proc/sys."""
    return switch.translate(_SWAP)


def parse(text: str) -> dict[str, str]:
    """Give the value of each switch that a file sets; of a switch that is set twice, the last."""
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name[:1] not in ("#", ";"):
            values[_canonical(name.strip().lstrip("-"))] = value.strip()
    return values


def render(comment: str, values: Mapping[str, int]) -> str:
    """Give the text of a file."""
    return "".join([f"# {comment}\n", *(f"{switch} = {value}\n" for switch, value in sorted(values.items()))])


def boot_order(found: Iterable[tuple[str, str]]) -> list[str]:
    """Put files in the order in which they are read. `found` has (directory, file name), directories in their order."""
    places: dict[str, str] = {}
    for directory, name in found:
        places.setdefault(name, directory)
    return [f"{directory}/{name}" for name, directory in sorted(places.items())]


def _canonical(name: str) -> str:
    slash, dot = name.find("/"), name.find(".")
    if slash >= 0 and (dot < 0 or slash < dot):
        name = name.translate(_SWAP)
    return _SAME.get(name, name)
