# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One throw-away host for tests that need real tools but no network: own links, mounts, processes, /run, /etc, /var.

Nothing is left behind: all namespaces end with their first process, which ends with the test.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETUP = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/wireguard /run/judge
for each in etc var; do
    mkdir -p /run/over/$each/up /run/over/$each/work
    mount -t overlay overlay -o "lowerdir=/$each,upperdir=/run/over/$each/up,workdir=/run/over/$each/work" "/$each"
done
mkdir -p /etc/wireguard
chmod 700 /etc/wireguard
mount -t sysfs sysfs /sys
ip link set lo up
echo ready
exec sleep infinity
"""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go",
    "WG_ENDPOINT_RESOLUTION_RETRIES": "0",
}


@dataclass(frozen=True)
class LoneHost:
    """A host that is up, known by the process id of its first process."""

    pid: int

    def run(self, *command: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the host. The test's own time limit, which is longer where a machine is emulated, holds."""
        result = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--uts", *command],
            input=stdin.encode(),
            check=check,
            capture_output=True,
            env=ENVIRONMENT,
        )
        # Not text=True: that would take a carriage return for the end of a line.
        return subprocess.CompletedProcess(
            result.args, result.returncode, result.stdout.decode(), result.stderr.decode(errors="replace")
        )

    def write(self, path: str, text: str) -> None:
        """Write a file of the host, readable by root alone."""
        self.run("sh", "-c", 'umask 077; rm -f "$1"; cat >"$1"', "sh", path, stdin=text)

    def userspace(self, name: str) -> None:
        """Make a userspace WireGuard device and wait until it answers: before, it still sets its MTU."""
        self.run("sh", "-c", 'wireguard-go "$1" && until wg show "$1"; do sleep 0.05; done', "sh", name)


@contextmanager
def lone_host() -> Iterator[LoneHost]:
    """Give a host and take it away."""
    first = subprocess.Popen(
        ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SETUP],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if first.stdout is None or first.stdout.readline() != "ready\n":
            raise RuntimeError("the host for the test cannot be made")
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text(encoding="ascii")
        yield LoneHost(int(children))
    finally:
        first.kill()
        first.wait()
        if first.stdout is not None:
            first.stdout.close()
