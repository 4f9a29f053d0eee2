# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of a lab that Ansible reaches by SSH, as it reaches real machines.

Each connection has a server of its own at its other end, so that no host needs a way to the controller.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.debian_packages import SSHD, provide
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab

# The files of a host are its own, so that the machine itself gets no such user. The mark of a locked password would
# keep root out.
PREPARE = """
mkdir -p /run/sshd
grep -q ^sshd: /etc/passwd || echo sshd:x:992:65534::/run/sshd:/usr/sbin/nologin >>/etc/passwd
sed -i 's/^root:!/root:*/' /etc/shadow
"""
SSH_SERVER = ("/usr/sbin/sshd", "-f", "/dev/null", "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PidFile=none")


def make_key(path: Path) -> Path:
    """Make a private key, and the public one beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def let_in(lab: Lab, host: str) -> None:
    """Let a host have a server that has not been started."""
    provide(lab, host, SSHD)
    lab.run(host, ["sh", "-ec", PREPARE])


def ssh_inventory(lab: Lab, hosts: Iterable[str], directory: Path, **variables: Any) -> dict[str, Any]:
    """An inventory of hosts that are reached by SSH, each with all these variables."""
    key, host_key = make_key(directory / "key"), make_key(directory / "host_key")
    reached: dict[str, dict[str, str]] = {}
    for host in hosts:
        let_in(lab, host)
        server = lab.argv(host, [*SSH_SERVER, "-i", "-h", str(host_key), "-o", f"AuthorizedKeysFile={key}.pub"])
        reached[host] = {"ansible_ssh_common_args": f"-o ProxyCommand={shlex.quote(shlex.join(server))}"}
    everywhere = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_extra_args": "-F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no",
        "ansible_python_interpreter": sys.executable,
        **variables,
    }
    return {"all": {"hosts": reached, "vars": everywhere}}
