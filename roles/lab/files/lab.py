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
* ``up`` does not change a lab: an identical one is left alone, a different one of the same name is refused, and what
  is not whole is removed and built anew.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab_host import NETNS, STATE, make_host, remove_host, root_device, run
from lab_topology import LabError, Topology, parse_topology

KILL_SECONDS = 5.0


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
    run("ip", "-batch", "-", text="\n".join(veth))
    for name, host in topology.hosts.items():
        ends = [end for link in topology.links for end in link if end.host == name]
        # An address that is added while the other end is not up would stay tentative for a moment, accept_dad or not.
        lines = [
            f"address add {address} dev {end.interface}{' nodad' if ':' in address else ''}"
            for end in ends
            for address in end.addresses
        ]
        lines += [f"link set dev {interface} up" for interface in ("lo", *(end.interface for end in ends))]
        lines += [f"route add {prefix} via {hop}" for prefix, hop in host.routes.items()]
        # Not "ip -n", which also wants to change mounts and cannot where this machine is a plain chroot.
        inside = ("nsenter", f"--net={NETNS / topology.netns(name)}", "--")
        run(*inside, "ip", "-batch", "-", text="\n".join(lines))
        if host.masquerade:
            run(*inside, "nft", "-f", "-", text=_firewall(host.masquerade))


def up(data: dict[str, Any]) -> bool:
    """Build the lab; false if it is there already."""
    topology = parse_topology(data)
    note = STATE / f"{topology.name}.json"
    if note.exists():
        noted = json.loads(note.read_text(encoding="utf-8"))
        stands = noted["complete"] and all(map(root_device, _names(noted["topology"])))
        if stands and noted["topology"] == data:
            return False
        if stands:
            raise LabError(f"A lab '{topology.name}' with another topology is up. Take it down first.")
        down(data)  # built in part, or left by a machine that was switched off
    for name in map(topology.netns, topology.hosts):
        if (NETNS / name).exists() or (STATE / name).exists():
            raise LabError(f"A namespace '{name}' that is not of this lab exists. Choose another lab name.")
    STATE.mkdir(exist_ok=True)
    note.write_text(json.dumps({"complete": False, "topology": data}), encoding="utf-8")
    try:
        for name, host in topology.hosts.items():
            make_host(topology.netns(name), host)
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
    names = _names(json.loads(note.read_text(encoding="utf-8"))["topology"])
    _kill(names)
    for name in names:
        remove_host(name)
    note.unlink()
    with contextlib.suppress(OSError):  # another lab is up
        STATE.rmdir()
    return True


def _names(noted: dict[str, Any]) -> list[str]:
    return [f"{noted['name']}-{host}" for host in noted["hosts"]]


def _kill(names: list[str]) -> None:
    """End every process in the namespaces or on the files of these hosts, also in namespaces that it made there."""
    networks = {_identity(path) for path in map(NETNS.joinpath, names) if path.exists()}
    devices = {root_device(name) for name in names} - {None}
    deadline = time.monotonic() + KILL_SECONDS
    while pids := list(_processes(networks, devices)):
        if time.monotonic() > deadline:
            raise LabError(f"Processes in the lab do not end: {', '.join(map(str, pids))}.")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _identity(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_dev, state.st_ino


def _processes(networks: set[tuple[int, int]], devices: set[int | None]) -> Iterator[int]:
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):  # it ended meanwhile
            in_network = _identity(Path(f"/proc/{pid}/ns/net")) in networks
            if (in_network or _identity(Path(f"/proc/{pid}/root"))[0] in devices) and pid != os.getpid():
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
