# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of a machine that a network could leave behind: written to the file in SNAPSHOT, or else compared with it.

Rules of this file: it runs on the machine, with the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys

PLACES = ("/etc", "/usr/local", "/var/lib", "/root")
# Keys stay, by intent, and so does what others wrote in the meantime.
OTHERS = re.compile(
    "/etc/wireguard/.*key|/root/(before|.ansible)|/(apt|dpkg|ucf|systemd/(timers|random-seed|coredump))"
)
SWITCHES = ("ip_forward", "conf/all/src_valid_mark", "conf/all/rp_filter", "conf/wan/rp_filter")
COMMANDS = (
    "nft list ruleset",
    "ip -4 rule",
    "ip -6 rule",
    "ip -4 route show table all",
    "ip -o link",
    "systemctl list-units --all --plain --no-legend wgfleet* wg-quick*",
    "systemctl list-unit-files --no-legend wgfleet* wg-quick*",
    "systemctl list-timers --all --no-legend wgfleet*",
)


def files() -> dict[str, str]:
    """Give each file with its mode, and what is in it or where it leads."""
    found = {}
    for place in PLACES:
        for folder, _folders, names in os.walk(place):
            for path in [folder, *(os.path.join(folder, name) for name in names)]:
                if not OTHERS.search(path):
                    content = ""
                    if os.path.islink(path):
                        content = os.readlink(path)
                    elif os.path.isfile(path):
                        with open(path, "rb") as stream:
                            content = hashlib.sha256(stream.read()).hexdigest()
                    found[path] = f"{os.lstat(path).st_mode:o} {content}"
    return found


def snapshot() -> dict[str, str]:
    """Give all of it, by name."""
    found = files()
    for command in COMMANDS:
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        found[command] = re.sub(r"if\d+|\b\d+:", "", done.stdout)
    for switch in SWITCHES:
        with open("/proc/sys/net/ipv4/" + switch, encoding="ascii") as stream:
            found[switch] = stream.read().strip()
    return found


now = snapshot()
if "SNAPSHOT" in os.environ:
    with open(os.environ["SNAPSHOT"], "w", encoding="utf-8") as stream:
        json.dump(now, stream)
else:
    with open("/root/before", encoding="utf-8") as stream:
        before = json.load(stream)
    differing = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    for name in sorted(differing):
        sys.stdout.write(f"{name}: before {before.get(name)!r}, now {now.get(name)!r}\n")
    sys.exit(1 if differing else 0)
