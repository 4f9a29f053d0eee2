#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module keypair."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keypair
short_description: Keep a WireGuard private key in a file and tell its public half
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Makes a private key on the host that uses it, where it stays. Only the public half is returned.
  - A key that is there is never replaced by a new one, unless another one is given as O(private_key).
  - A file that holds something else than a key is an error and stays as it is.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  path:
    description:
      - Absolute path of the private key's file. It has mode 0600, and its directory, where it is made, 0700.
    type: path
    required: true
  state:
    description: With V(absent), the file is removed and the key is lost.
    type: str
    choices: [present, absent]
    default: present
  private_key:
    description: A private key that is to be in the file instead of a new one, 32 bytes in base64.
    type: str
  interface:
    description:
      - Name of the interface that the key is for. With O(adopt=false), the module fails before it makes a key for an
        interface that somebody else has made.
    type: str
  adopt:
    description:
      - Whether an interface O(interface) that exists, that no run of this collection has made and that has another key
        may be taken over.
    type: bool
    default: true
notes:
  - In check mode a key that would be made is stood in for by a public key that belongs to nobody and begins with
    C(MadeInTheRun).
seealso:
  - module: wgfleet.wireguard.linux_interface
"""

EXAMPLES = r"""
- name: Have a key and learn its public half
  wgfleet.wireguard.keypair:
    path: /etc/wireguard/wg0.key
  register: this_end

- name: Show what others need to know
  ansible.builtin.debug:
    var: this_end.public_key
"""

RETURN = r"""
public_key:
  description: Public half of the key, in base64. Empty after removal.
  type: str
  returned: success
  sample: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
path:
  description: File of the private key.
  type: str
  returned: success
  sample: /etc/wireguard/wg0.key
writes:
  description: Number of write calls to the system. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 1
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.key_file import KeyFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import KEYPAIR
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.host_runner import run_keypair


def main() -> None:
    """Run the module."""
    run_keypair(KEYPAIR, KeyFile, public_key_of, LinuxBackend)


if __name__ == "__main__":
    main()
