# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The netns connection: an inventory host is a namespace of the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: netns
short_description: Run tasks in a network namespace of the controller
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - An inventory host is a named network namespace of the controller, as C(ip netns add) makes it.
  - If the namespace is a host of a lab that the role P(wgfleet.wireguard.lab#role) built, tasks also run with that
    host's own view of the files.
  - Any other namespace shares the files of the controller, but for what lies in C(/etc/netns/NAME/), which is seen in
    C(/etc/). Two devices of the same name that run WireGuard in userspace then clash in C(/run/wireguard).
notes:
  - Needs root on the controller, the program C(ip) of iproute2 and, for hosts of a lab, C(nsenter) of util-linux.
  - Set C(ansible_python_interpreter) to C({{ ansible_playbook_python }}) for such hosts.
options:
  netns:
    description: Name of the network namespace.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_netns
  become_success_timeout:
    description:
      - Number of seconds to wait for become to succeed when enabled.
      - The default is used if the value is less than 1.
    type: int
    default: 10
    vars:
      - name: ansible_local_become_success_timeout
  become_strip_preamble:
    description: Strip internal become output preceding command execution. Disable for additional diagnostics.
    type: bool
    default: true
    vars:
      - name: ansible_local_become_strip_preamble
extends_documentation_fragment:
  - connection_pipelining
"""

EXAMPLES = r"""
# An inventory whose host is a host of the lab "demo"
all:
  hosts:
    office1:
      ansible_connection: wgfleet.wireguard.netns
      ansible_netns: demo-office1
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

import shlex
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.connection.local import Connection as LocalConnection

NETWORKS = Path("/run/netns")
LAB = Path("/run/wgfleet")  # roles/lab/files/lab.py keeps the files of its hosts here


def entry_command(netns: str, networks: Path = NETWORKS, lab: Path = LAB) -> list[str]:
    """Words to put before a command to run it in a namespace: a host of a lab, or else a plain network namespace.

    :raises AnsibleConnectionFailure: there is no namespace of that name.
    """
    if not (networks / netns).is_file():
        raise AnsibleConnectionFailure(
            f"There is no network namespace '{netns}' on the controller. Build the lab, create it with"
            f" 'ip netns add {netns}', or set ansible_netns to the right name."
        )
    files = lab / netns / "mnt"
    if files.exists():
        return ["nsenter", f"--net={networks / netns}", f"--mount={files}", "--"]
    return ["ip", "netns", "exec", netns]


class Connection(LocalConnection):
    """Run commands, and read and write files, in a namespace."""

    transport = "wgfleet.wireguard.netns"
    has_pipelining = True

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command in the namespace; returns exit code, output and error output."""
        command = [*entry_command(str(self.get_option("netns"))), "/bin/sh", "-c", cmd]
        code, output, errors = super().exec_command(shlex.join(command), in_data=in_data, sudoable=sudoable)
        return code, output, errors

    def put_file(self, in_path: str, out_path: str) -> None:
        """Write a file of the controller to where the host sees it."""
        data = Path(in_path).read_bytes()
        code, _output, errors = self.exec_command(f"cat > {shlex.quote(out_path)}", in_data=data, sudoable=False)
        if code:
            raise AnsibleError(f"Cannot write {out_path}: {to_text(errors).strip()}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Read a file as the host sees it."""
        code, data, errors = self.exec_command(f"cat -- {shlex.quote(in_path)}", sudoable=False)
        if code:
            raise AnsibleError(f"Cannot read {in_path}: {to_text(errors).strip()}")
        Path(out_path).write_bytes(data)
