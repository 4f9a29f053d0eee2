# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of Debian packages for hosts of a lab, without installing them.

An installed firewall starts, and rules the machine on which the tests run. So packages are downloaded and unpacked into
a cache, and copied into the files of the hosts that need them, which nobody else sees.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab

_LIBRARIES = "libxtables12 libip4tc2 libip6tc2 libnetfilter-conntrack3 libnfnetlink0 libmnl0 libnftnl11"
IPTABLES = f"iptables {_LIBRARIES}"
UFW = f"ufw {IPTABLES}"
FIREWALLD = (
    "firewalld python3-firewall python3-nftables python3-dbus python3-gi gir1.2-glib-2.0 libgirepository-1.0-1"
    f" libglib2.0-0 python3-cap-ng libcap-ng0 {IPTABLES}"
)
SSHD = (
    "openssh-server openssh-sftp-server libwrap0 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1"
    " libcom-err2"
)
RESOLVED = "systemd-resolved dbus dbus-daemon"
OPENRESOLV = "openresolv"


def unpacked(packages: str) -> Path:
    """Give a directory with the files of all these packages, or raise what apt said."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wgfleet/packages"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / packages.split()[0]
    with (cache / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "complete").exists():
            return place / "files"
        shutil.rmtree(place, ignore_errors=True)
        (place / "files").mkdir(parents=True)
        _run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *packages.split()], place)
        for archive in place.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(archive), "files"], place)
            archive.unlink()
        (place / "complete").touch()
    return place / "files"


def provide(lab: Lab, host: str, packages: str) -> None:
    """Let a host of a lab have the files of these packages, as if they were installed and had not been started."""
    files = unpacked(packages)
    # Not all at once: /lib and /sbin are links on a host, and directories in a package.
    lines = [f"cp -a {files}/usr/. /usr/", f"[ ! -d {files}/etc ] || cp -a --no-clobber {files}/etc/. /etc/"]
    lines += [f"[ ! -d {files}/{name} ] || cp -a {files}/{name}/. /{name}/" for name in ("lib", "sbin", "bin")]
    for program in ("iptables", "ip6tables"):
        for part in ("", "-save", "-restore"):
            lines.append(f"ln -sf {program}-nft{part} /usr/sbin/{program}{part}")
    lines += ["ldconfig"]
    lab.run(host, ["sh", "-e"], input="\n".join(lines))


def _run(argv: list[str], place: Path) -> None:
    done = subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv} ended with {done.returncode}: {done.stderr}"
