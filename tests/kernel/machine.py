# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that can be switched off and on again: its first process is systemd, and its files outlive it.

Rules of this file: of what this machine's own systemd starts, nothing is started in there, but for what the test names;
its link `wan` leads to this namespace, where it is called `far`. All ends with the first process.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

PROGRAM = Path("/lib/systemd/systemd")
# tests/kernel/init makes it, where the kernel is there for the tests alone.
IS_OF_THE_TESTS = Path("/run/share/start").exists()
FAR = "192.0.2.1"  # this end of the link
NEAR = "192.0.2.2"
# What systemd finds when it begins: a read-only /sys is how it knows that there is no udev to wait for.
BEGIN = """
set -e
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount --rbind /dev dev
mkdir run/outside
pivot_root . run/outside
umount -l /run/outside
[ -e /etc/prepared ] || {
    rm -rf /etc/systemd/system/* /etc/systemd/network/* /lib/systemd/system/multi-user.target.wants/*
    printf '[Match]\\nName=wan\\n[Network]\\nAddress=%s/24\\n' "$2" >/etc/systemd/network/wan.network
    mkdir /etc/systemd/system/multi-user.target.wants
    ln -s /lib/systemd/system/systemd-networkd.service /etc/systemd/system/multi-user.target.wants/
    # The checkout may be below /tmp, which is emptied at boot.
    ln -s /dev/null /etc/systemd/system/tmp.mount
    mkdir -p /etc/tmpfiles.d
    ln -sf /dev/null /etc/tmpfiles.d/tmp.conf
    touch /etc/prepared
}
export container=test
exec /lib/systemd/systemd --unit=multi-user.target --show-status=no --log-target=journal
"""


class Machine:
    """A machine whose files are in a directory, which must be on a file system that an overlay can lie on."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=True)
        for name in ("changes", "work", "root"):
            (place / name).mkdir()

    def switch_on(self) -> None:
        """Start it, and plug its cable in."""
        with (self._place / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net", "--cgroup",
                 "sh", "-c", BEGIN, "sh", str(self._place), NEAR],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        while not (found := children.read_text(encoding="ascii")):
            if self._process.poll() is not None:
                raise AssertionError(
                    f"the machine does not start: {(self._place / 'console').read_text(encoding='utf-8')}"
                )
        self.pid = int(found)
        wan = ["wan", "netns", str(self.pid)]
        subprocess.run(["ip", "link", "add", "far", "type", "veth", "peer", "name", *wan], check=True)
        subprocess.run(["ip", "address", "add", f"{FAR}/24", "dev", "far"], check=True)
        subprocess.run(["ip", "link", "set", "far", "up"], check=True)

    def switch_off(self) -> None:
        """Take its power away, as a failure of the mains does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        # The link ends with the other namespace, which takes its time.
        subprocess.run(["ip", "link", "delete", "far"], check=False, capture_output=True)

    def scrap(self) -> None:
        """Remove it, with its files."""
        self.switch_off()
        subprocess.run(["umount", "-l", str(self._place)], check=True)

    def run(self, *command: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in there."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--uts", "--ipc", *command],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def said(self) -> str:
        """Give what it printed before its first process ran, and what that one has noted."""
        printed = (self._place / "console").read_text(encoding="utf-8", errors="replace")
        return printed + self.run("journalctl", "--boot", "--no-pager", check=False).stdout
