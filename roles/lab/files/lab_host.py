# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a lab: a network namespace, and a mount namespace whose root is an overlay of this machine's files.

Rules of this file: a host is made in a child process, which ends when both namespaces are pinned to files; the calling
process itself never changes its namespaces. A step that fails leaves the rest to ``remove_host``.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

from lab_topology import Host, LabError

STATE = Path("/run/wgfleet")
NETNS = Path("/run/netns")

# From <sched.h> and <sys/mount.h>; Python has names for the first two since 3.12 only.
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 4096, 16384, 1 << 18, 2

LIBC = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: bytes | int | ctypes.c_ulong) -> None:
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    try:
        _call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    except OSError as error:
        raise OSError(error.errno, f"cannot mount {kind or source} on {target}: {error.strerror}") from None


def run(*command: str, text: str | None = None) -> None:
    """Run a command of this machine, or raise what it said."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"'{' '.join(command)}' failed: {(done.stderr or done.stdout).strip()}")


def _filesystems() -> list[str]:
    """Mount points below / that belong in a host's view of the files, parents first."""
    points = {"/"}
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])
        if Path(point).is_dir() and Path(point).parts[1:2] not in (("proc",), ("sys",), ("dev",), ("run",)):
            points.add(point)
    return sorted(points)


def _overlay(point: str, root: Path, layers: Path) -> None:
    """Lay a copy-on-write view of the filesystem at ``point`` over the same place below ``root``."""
    layers.mkdir()
    (upper := layers / "upper").mkdir()
    (work := layers / "work").mkdir()
    shutil.copystat(point, upper)
    lower = re.sub(r"([\\:,])", r"\\\1", point)
    target = root / point.lstrip("/")
    try:
        _mount("overlay", target, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")
    except OSError as error:
        if point == "/":
            raise LabError(f"{error}. The lab needs overlayfs over the root filesystem of this machine.") from None
        _mount(point, target, flags=MS_BIND)  # such as vfat, which no overlay can cover: shared with the controller


def _make_files(name: str, place: Path) -> None:
    """Give the calling process (a child made for it) the network and the files of a host; it ends with root there."""
    _enter(NETNS / name, CLONE_NEWNET)
    _call("unshare", CLONE_NEWNS)
    root = place / "root"
    for number, point in enumerate(_filesystems()):
        _overlay(point, root, place / f"layers{number}")
    _mount("sysfs", root / "sys", "sysfs")
    _mount("tmpfs", root / "run", "tmpfs", options="mode=755")
    for shared in ("proc", "dev"):
        _mount(f"/{shared}", root / shared, flags=MS_BIND | MS_REC)
    for directory in ("lock", "netns", "wireguard"):
        (root / "run" / directory).mkdir()
    (root / "etc/hostname").write_text(f"{name}\n", encoding="utf-8")
    (place / "device").write_text(str(root.stat().st_dev), encoding="utf-8")
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    # Entering the namespace once more leads to its true root also where this machine is a plain chroot, whose own root
    # is no mount point and could not be exchanged. pivot_root(2) explains the ".", "." form.
    _enter(Path("/proc/self/ns/mnt"), CLONE_NEWNS)
    _mount("none", "/", flags=MS_REC | MS_PRIVATE)
    os.fchdir(handle)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", MNT_DETACH)


def _enter(namespace: Path, kind: int) -> None:
    handle = os.open(namespace, os.O_RDONLY)
    try:
        _call("setns", handle, kind)
    finally:
        os.close(handle)


def _write_kernel_switches(host: Host) -> None:
    """Set what a new namespace may inherit from this machine; needs no address family to be there."""
    switches = {
        "ipv4/ip_forward": int(host.forwarding),
        "ipv6/conf/all/forwarding": int(host.forwarding),
        "ipv6/conf/default/accept_dad": 0,  # addresses serve at once; a lab has no duplicates
    }
    for switch, value in switches.items():
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys/net", switch).write_text(str(value), encoding="utf-8")


def make_host(name: str, host: Host) -> None:
    """Make the namespaces of a host and pin them to files."""
    run("ip", "netns", "add", name)
    # The kernel lets a mount namespace be pinned in an elder one only. Linux 6.18 takes the age from a number that each
    # CPU draws from a range of its own, so that a namespace made on another CPU than this one can seem the elder.
    cpus = sorted(os.sched_getaffinity(0))
    for cpu in cpus:
        try:
            _pin_files(name, host, cpu)
            return
        except OSError as error:
            if error.errno != errno.EINVAL or cpu == cpus[-1]:
                raise
            _remove_files(name)


def _pin_files(name: str, host: Host, cpu: int) -> None:
    """Let a child make the mount namespace of a host, and keep that in a file."""
    place = STATE / name
    place.mkdir()
    _mount("tmpfs", place, "tmpfs", options="mode=755")
    _mount("none", place, flags=MS_PRIVATE)  # else the kernel refuses to pin a mount namespace there
    (place / "root").mkdir()
    (pin := place / "mnt").touch()
    report, answer = os.pipe()
    wait, release = os.pipe()
    if (child := os.fork()) == 0:
        os.close(release)
        os.sched_setaffinity(0, {cpu})
        _be_child(name, host, place, answer, wait)
    os.close(answer)
    os.close(wait)
    try:
        with os.fdopen(report, encoding="utf-8") as stream:
            if (text := stream.read()) != "ready":
                raise LabError(f"Cannot make the files of host '{name}': {text}")
        _mount(f"/proc/{child}/ns/mnt", pin, flags=MS_BIND)
    finally:
        os.close(release)
        os.waitpid(child, 0)


def _be_child(name: str, host: Host, place: Path, answer: int, wait: int) -> NoReturn:
    """Make the files, say so, stay until the parent has pinned the namespace."""
    text = "its process died"
    try:
        _make_files(name, place)
        _write_kernel_switches(host)
        text = "ready"
    except (OSError, LabError) as error:
        text = str(error)
    finally:
        os.write(answer, text.encode())
        os.close(answer)
        os.read(wait, 1)
        os._exit(0)


def root_device(name: str) -> int | None:
    """Device number of a host's root, the mark of processes in it; none if its files are not pinned.

    The number of a root that is gone may be another program's by now.
    """
    place = STATE / name
    if not (place / "mnt").exists() or (place / "mnt").stat().st_dev == place.stat().st_dev:
        return None
    return int((place / "device").read_text(encoding="utf-8"))


def remove_host(name: str) -> None:
    """Remove what there is of a host in which no process is left."""
    _remove_files(name)
    if (NETNS / name).exists():
        run("ip", "netns", "delete", name)


def _remove_files(name: str) -> None:
    place = STATE / name
    if os.path.ismount(place):
        _call("umount2", os.fsencode(place), MNT_DETACH)
    if place.exists():
        place.rmdir()
