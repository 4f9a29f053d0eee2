#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module linux_gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_gateway
short_description: Let a Linux host forward between its tunnels and what is behind it
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Turns on forwarding, now and at boot, for whoever needs it on this host.
  - A switch that was on before is left on for ever. One that was turned on here is turned off again when the last who
    needs it has gone, unless a file of someone else turns it on at boot.
  - Where the host has an IPv6 route from router advertisements, it is made to go on listening to them, which a host
    that forwards otherwise does not.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  name:
    description:
      - Who needs it, for instance a role or a network. It keeps several apart on one host.
      - It may have letters, digits and C(_.-).
    type: str
    required: true
  state:
    description: With V(absent), it is no longer needed under this name.
    type: str
    choices: [present, absent]
    default: present
  forwarding:
    description: The complete list of families that are to be forwarded.
    type: list
    elements: str
    choices: [ipv4, ipv6]
    default: []
requirements:
  - Linux and root
notes:
  - What is needed at boot is kept in C(/etc/sysctl.d/60-wgfleet-NAME.conf), and what was off before in
    C(/var/lib/wgfleet/forwarding.json).
  - A file of someone else that turns the same off at boot, after ours, is named in a warning.
"""

EXAMPLES = r"""
- name: Forward between the LAN and the tunnel
  wgfleet.wireguard.linux_gateway:
    name: corp
    forwarding: [ipv4, ipv6]

- name: Leave the host as it was
  wgfleet.wireguard.linux_gateway:
    name: corp
    state: absent
"""

RETURN = r"""
writes:
  description: Number of write calls to the system. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 3
steps:
  description: What was done, or would be done in check mode, in its order.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "record_switches", "switches": ["net.ipv4.ip_forward"]}
    - {"do": "keep_switches", "user": "corp", "switches": ["net.ipv4.ip_forward"]}
    - {"do": "set_switch", "switch": "net.ipv4.ip_forward", "value": 1}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import LinuxGateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import GATEWAY
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.host_runner import run_gateway


def main() -> None:
    """Run the module."""
    run_gateway(GATEWAY, LinuxGateway)


if __name__ == "__main__":
    main()
