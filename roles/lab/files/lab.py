# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build and remove a lab: hosts that are namespaces of this machine, joined by veth links.

``lab.py up`` and ``lab.py down`` read one topology as JSON on standard input and answer with one JSON object;
``lab.py enter NETNS COMMAND…`` runs a command in a host. Rules of this file:

* A host ``H`` of lab ``L`` is the network namespace ``L-H`` and the mount namespace ``/run/wgfleet/L-H/mnt``. The root
  of the latter is a copy-on-write overlay of this machine's files: what a host writes, nobody else sees.
* What will be made is noted in ``/run/wgfleet/L.json`` before the first step, so that ``down`` removes all of it
  however far ``up`` came.
* ``up`` never repairs: an identical lab is left alone, a different one of the same name is refused.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import ipaddress
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

STATE = Path("/run/wgfleet")
NETNS = Path("/run/netns")
KILL_SECONDS = 5.0
INTERFACE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,15}")
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

# From <sched.h> and <sys/mount.h>; Python has no names for them before 3.12.
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 4096, 16384, 1 << 18, 2

LIBC = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab cannot be built or removed; the text says why and what to do."""


@dataclass(frozen=True)
class Host:
    """One host: what the lab itself configures in it."""

    forwarding: bool = False
    masquerade: str | None = None
    routes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """One end of a link."""

    host: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Topology:
    """The whole lab as it was declared."""

    name: str
    hosts: dict[str, Host]
    links: tuple[tuple[End, End], ...]

    def netns(self, host: str) -> str:
        """Name of the namespace of a host."""
        return f"{self.name}-{host}"


def parse_topology(data: dict[str, Any]) -> Topology:
    """Make a topology of ``{name, hosts, links}`` or raise one error that lists all that is wrong."""
    hosts = {name: Host(**(options or {})) for name, options in data["hosts"].items()}
    links = tuple(
        (
            End(link["a"], link["a_interface"], tuple(link.get("a_addresses") or ())),
            End(link["b"], link["b_interface"], tuple(link.get("b_addresses") or ())),
        )
        for link in data["links"]
    )
    topology = Topology(data["name"], hosts, links)
    if problems := list(_problems(topology)):
        raise LabError("The topology is wrong: " + "; ".join(problems) + ".")
    return topology


def _problems(topology: Topology) -> Iterator[str]:
    for name in (topology.name, *topology.hosts):
        if not HOST_NAME.fullmatch(name):
            yield f"'{name}' is no name for a lab or a host"
    seen: set[tuple[str, str]] = set()
    for end in (end for link in topology.links for end in link):
        if end.host not in topology.hosts:
            yield f"a link names the unknown host '{end.host}'"
        if not INTERFACE_NAME.fullmatch(end.interface):
            yield f"'{end.interface}' of '{end.host}' is no interface name"
        if (end.host, end.interface) in seen:
            yield f"'{end.host}' has '{end.interface}' twice"
        seen.add((end.host, end.interface))
        yield from (f"'{end.host}': {text}" for text in _bad(ipaddress.ip_interface, end.addresses))
    for name, host in topology.hosts.items():
        if host.masquerade and (name, host.masquerade) not in seen:
            yield f"'{name}' has no interface '{host.masquerade}' to masquerade on"
        yield from (f"'{name}': {text}" for text in _bad(ipaddress.ip_network, host.routes))
        yield from (f"'{name}': {text}" for text in _bad(ipaddress.ip_address, host.routes.values()))


def _bad(parse: Any, texts: Any) -> Iterator[str]:
    for text in texts:
        try:
            parse(text)
        except ValueError as error:
            yield str(error)


# --- system calls -----------------------------------------------------------------------------------------------------


def _call(name: str, *arguments: bytes | int | None) -> None:
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    try:
        _call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    except OSError as error:
        raise OSError(error.errno, f"cannot mount {kind or source} on {target}: {os.strerror(error.errno)}") from None


def _run(*command: str, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"'{' '.join(command)}' failed: {(done.stderr or done.stdout).strip()}")


# --- one host ---------------------------------------------------------------------------------------------------------


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


def _make_host(name: str, host: Host) -> None:
    """Make the namespaces of a host and pin them to files."""
    _run("ip", "netns", "add", name)
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
        _be_child(name, host, place, answer, wait)
    os.close(answer)
    os.close(wait)
    try:
        with os.fdopen(report, encoding="utf-8") as stream:
            if (text := stream.readline()) != "ready":
                raise LabError(f"Cannot make the files of host '{name}': {text or 'its process died'}")
        _mount(f"/proc/{child}/ns/mnt", pin, flags=MS_BIND)
    finally:
        os.close(release)
        os.waitpid(child, 0)


def _be_child(name: str, host: Host, place: Path, answer: int, wait: int) -> NoReturn:
    """Make the files, say so, stay until the parent has pinned the namespace."""
    text = "ready"
    try:
        _make_files(name, place)
        _write_kernel_switches(host)
    except (OSError, LabError) as error:
        text = str(error)
    os.write(answer, text.encode())
    os.close(answer)
    os.read(wait, 1)
    os._exit(0)


def _firewall(outside: str) -> str:
    """Rules of a router that hides what is behind it: answers come in, nothing new does."""
    return f"""
table inet wgfleet_lab {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname != "{outside}" accept
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    oifname "{outside}" masquerade
  }}
}}
"""


def _configure(topology: Topology) -> None:
    """Join the hosts, then give each its addresses, routes and firewall."""
    veth = [
        f"link add name {a.interface} netns {topology.netns(a.host)} type veth "
        f"peer name {b.interface} netns {topology.netns(b.host)}"
        for a, b in topology.links
    ]
    _run("ip", "-batch", "-", text="\n".join(veth))
    for name, host in topology.hosts.items():
        ends = [end for link in topology.links for end in link if end.host == name]
        lines = [f"address add {address} dev {end.interface}" for end in ends for address in end.addresses]
        lines += [f"link set dev {interface} up" for interface in ("lo", *(end.interface for end in ends))]
        lines += [f"route add {prefix} via {hop}" for prefix, hop in host.routes.items()]
        _run("ip", "-n", topology.netns(name), "-batch", "-", text="\n".join(lines))
        if host.masquerade:
            _run("ip", "netns", "exec", topology.netns(name), "nft", "-f", "-", text=_firewall(host.masquerade))


# --- the lab ----------------------------------------------------------------------------------------------------------


def up(data: dict[str, Any]) -> bool:
    """Build the lab; false if it is there already."""
    topology = parse_topology(data)
    note = STATE / f"{topology.name}.json"
    if note.exists():
        noted = json.loads(note.read_text(encoding="utf-8"))
        if noted["complete"] and noted["topology"] == data:
            return False
        if noted["complete"]:
            raise LabError(f"A lab '{topology.name}' with another topology is up. Take it down first.")
        down(data)
    for name in map(topology.netns, topology.hosts):
        if (NETNS / name).exists() or (STATE / name).exists():
            raise LabError(f"A namespace '{name}' that is not of this lab exists. Choose another lab name.")
    STATE.mkdir(exist_ok=True)
    note.write_text(json.dumps({"complete": False, "topology": data}), encoding="utf-8")
    try:
        for name, host in topology.hosts.items():
            _make_host(topology.netns(name), host)
        _configure(topology)
    except BaseException:
        down(data)
        raise
    note.write_text(json.dumps({"complete": True, "topology": data}), encoding="utf-8")
    return True


def down(data: dict[str, Any]) -> bool:
    """Remove the lab of that name with all its processes; false if there is none."""
    note = STATE / f"{data['name']}.json"
    if not note.exists():
        return False
    noted = json.loads(note.read_text(encoding="utf-8"))["topology"]
    names = [f"{noted['name']}-{host}" for host in noted["hosts"]]
    _kill(names)
    for name in names:
        place = STATE / name
        if os.path.ismount(place):
            _call("umount2", os.fsencode(place), MNT_DETACH)
        if place.exists():
            place.rmdir()
        if (NETNS / name).exists():
            _run("ip", "netns", "delete", name)
    note.unlink()
    with contextlib.suppress(OSError):  # another lab is up
        STATE.rmdir()
    return True


def _kill(names: list[str]) -> None:
    """End every process in the namespaces or on the files of these hosts, also in namespaces that it made there."""
    networks = {path.stat().st_ino for path in map(NETNS.joinpath, names) if path.exists()}
    devices = {int(path.read_text()) for name in names if (path := STATE / name / "device").exists()}
    deadline = time.monotonic() + KILL_SECONDS
    while pids := list(_processes(networks, devices)):
        if time.monotonic() > deadline:
            raise LabError(f"Processes in the lab do not end: {', '.join(map(str, pids))}.")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes(networks: set[int], devices: set[int]) -> Iterator[int]:
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):  # it ended meanwhile
            in_network = os.stat(f"/proc/{pid}/ns/net").st_ino in networks
            if (in_network or os.stat(f"/proc/{pid}/root").st_dev in devices) and pid != os.getpid():
                yield pid


def enter_command(name: str, command: list[str]) -> list[str]:
    """Command line that runs a command in a host."""
    return ["nsenter", f"--net={NETNS / name}", f"--mount={STATE / name / 'mnt'}", "--", *command]


def _require_machine() -> None:
    if os.geteuid() != 0:
        raise LabError("A lab is made of namespaces, which needs root on this machine.")
    if missing := [tool for tool in ("ip", "nsenter", "nft") if shutil.which(tool) is None]:
        raise LabError(f"Not found: {', '.join(missing)}. Debian has them in iproute2, util-linux and nftables.")


def main() -> int:
    """Read the command and the topology, answer in JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="build the lab that standard input declares")
    commands.add_parser("down", help="remove the lab that standard input names")
    enter = commands.add_parser("enter", help="run a command in a host")
    enter.add_argument("netns")
    enter.add_argument("argv", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        _require_machine()
        if options.command == "enter":
            os.execvp("nsenter", enter_command(options.netns, options.argv or ["/bin/sh"]))
        with _lock():
            changed = {"up": up, "down": down}[options.command](json.load(sys.stdin))
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"changed": changed}))
    return 0


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One build or removal at a time; the directory itself is the lock, so nothing is left."""
    handle = os.open(STATE.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
