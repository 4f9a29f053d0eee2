# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on the disk for an interface, and by which of the ways to bring it up at boot the host can.

Rules of this file: it changes nothing. The mark in a file tells whose it is; a link belongs to whom its file belongs.
"""

from __future__ import annotations

import glob
import os
from typing import Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import (
    marked_path,
    netdev_path,
    paths_of,
    quick_path,
    record_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.record import Record, parse_record
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import (
    files as redirection_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import find_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import below, read_paths
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import runs_systemd, with_idle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    PersistenceError,
    Problem,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface

_QUICK_UNITS = ("/lib/systemd/system/wg-quick@.service", "/usr/lib/systemd/system/wg-quick@.service")
_FALLBACK, _PROGRAM_OF_QUICK = "wireguard-go", "WG_QUICK_USERSPACE_IMPLEMENTATION"  # wg-quick(8)
_NETWORKD = ("/lib/systemd/systemd-networkd", "/usr/lib/systemd/systemd-networkd")
# Where the key and the peers of an interface are at boot, what keeps it so, and what brings it up from there.
_HOLDERS = (
    (quick_path, "wg_quick", "systemctl restart wg-quick@{0}"),
    (netdev_path, "networkd", "systemctl restart systemd-networkd"),
)
_NETWORKD_RUNS = "/run/systemd/netif/state"  # sd-network(3)


class Found(NamedTuple):
    """What stands on the disk: files by their path on the host, and what the record says."""

    files: Mapping[str, File]
    record: Record

    @property
    def has_ours(self) -> bool:
        """Tell whether any of the files was made by a run of ours."""
        return any(not file.foreign for file in self.files.values())


def find_quick_unit(root: str = "/") -> str | None:
    """Give the path of systemd's unit that runs wg-quick, None where there is none."""
    return next((path for path in _QUICK_UNITS if os.path.exists(below(root, path))), None)


def refuse_idle_networkd(root: str = "/") -> None:
    """Raise PersistenceError where systemd runs, but not its networkd, neither now nor at boot."""
    if not runs_systemd(root):
        return  # an image, or another init system: nobody knows here what will run
    if not any(os.path.exists(below(root, path)) for path in _NETWORKD):
        raise PersistenceError("systemd-networkd is not installed on this host: install it, or use persist wg_quick")
    links = glob.glob(below(root, "/etc/systemd/system/*.wants/systemd-networkd.service"))
    if not links and not os.path.exists(below(root, _NETWORKD_RUNS)):
        raise PersistenceError(
            "systemd-networkd is off on this host, and would bring nothing up at boot:"
            " run systemctl enable --now systemd-networkd, or use persist wg_quick"
        )


def boot_obstacle(interface: Interface, root: str = "/") -> str:
    """Tell why systemd would not bring up at boot what is up now, and what to do; "" where it would, or none runs."""
    if not interface.up or interface.persist == "none" or not runs_systemd(root):
        return ""
    if interface.persist == "wg_quick" and find_quick_unit(root) is None:
        return "wg-quick is not installed on this host: install wireguard-tools and run this again"
    if interface.implementation != "userspace" or kernel_has_wireguard():
        return ""
    if interface.persist == "networkd":
        return (
            "systemd-networkd knows WireGuard of the kernel only, which has none: use persist wg_quick, or load the"
            " kernel's module (modprobe wireguard)"
        )
    if find_program(_FALLBACK) or any(_PROGRAM_OF_QUICK in read_text(path) for path in _drop_ins(root)):
        return ""
    return (
        f"this kernel has no WireGuard, and wg-quick takes {_FALLBACK} then, which is not installed: install it, or"
        f" name the other program by systemctl edit wg-quick@.service (Environment={_PROGRAM_OF_QUICK}=...)"
    )


def _drop_ins(root: str) -> list[str]:
    return glob.glob(below(root, "/etc/systemd/system/wg-quick@*.service.d/*.conf"))


def refuse_boot_elsewhere(desired: DesiredInterface) -> None:
    """Raise InvalidInput for what would, at the next boot, be there for the host instead of a namespace of it."""
    if not desired.present:
        return
    route = given(desired.default_route, None)
    problems = []
    if given(desired.persist, "none") != "none":
        problems.append("persist")
    if route is not None and route.kill_switch:
        problems.append("default_route.kill_switch")
    if problems:
        sentence = "cannot stand beside netns: a boot brings it up for the host, and not in a network namespace of it"
        raise InvalidInput([Problem(place, sentence) for place in problems])


def refuse_loss(name: str, found: Found, desired: DesiredInterface) -> None:
    """Refuse to make an interface anew that is not there, where only our own file still holds what it would lack.

    Raises PersistenceError.
    """
    holder = _holder(name, found)
    if holder is None or not desired.present:
        return
    record, path, _persist, start = found.record, *holder
    named = {peer.public_key for peer in desired.peers}
    lost = ["private key"] if isinstance(desired.private_key, Unset) else []
    if not desired.purge_peers and (record.problem or record.labels.keys() - named):
        lost.append("peers")
    if lost:
        raise PersistenceError(
            f"{name} is not there, and {path} still holds its {' and '.join(lost)}, which would be lost; nothing was"
            f" written. Bring it up first ({start}). To make it anew, give what shall stand in their place (private_key"
            " or private_key_file, and peers with purge_peers=true), or remove it before with state=absent"
        )


def refuse_unknown_persistence(name: str, found: Found, desired: DesiredInterface) -> None:
    """Refuse to keep up to date what brings an interface up at boot, where nothing tells what that is.

    Raises PersistenceError.
    """
    holder = _holder(name, found)
    if holder is None or not found.record.problem or not desired.present or not isinstance(desired.persist, Unset):
        return
    path, persist, _start = holder
    raise PersistenceError(
        f"what brings {name} up at boot is not known: {record_path(name)} should tell, and {found.record.problem},"
        f" while {path} is there; nothing was written. Run linux_interface with persist={persist} and all else that the"
        " interface shall have, which writes both anew"
    )


def _holder(name: str, found: Found) -> tuple[str, str, str] | None:
    for path_of, persist, start in _HOLDERS:
        file = found.files.get(path_of(name))
        if file is not None and not file.foreign:
            return path_of(name), persist, start.format(name)
    return None


def read_files(name: str, root: str = "/", netns: str | None = None) -> Found:
    """Read all files that stand where those of an interface may stand. Raises PersistenceError."""
    own = record_path(name, netns)
    files = with_idle(read_paths(paths_of(name, netns), root), [redirection_files.unit_path(name)], root)
    record = files.get(own)
    for path, file in files.items():
        mark = files.get(marked_path(name, path))
        ours = path == own or (mark is not None and mark.content.raw.startswith(MANAGED.encode()))
        files[path] = file._replace(foreign=not ours)
    return Found(
        files, parse_record(record.content.raw.decode(errors="replace")) if record else Record(problem="it is missing")
    )
