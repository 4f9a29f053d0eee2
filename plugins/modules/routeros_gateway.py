#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module routeros_gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: routeros_gateway
short_description: Let a router forward between its tunnels and what is behind it
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Opens the firewall of a MikroTik router for whoever needs it, in the filters of both IP versions.
  - Each rule stands before the first rule that would drop its packets, wherever that is, and is moved back there if
    someone has moved it. Below the rules that would not, fasttrack among them, it costs nothing.
  - Rules and list members of this module carry a comment that begins with C(wgfleet NAME) and a colon. Others are never
    touched.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._gateway
  - wgfleet.wireguard._routeros
seealso:
  - module: wgfleet.wireguard.linux_gateway
  - module: wgfleet.wireguard.routeros_interface
"""

EXAMPLES = r"""
- name: Let the tunnel and both sites through the firewall
  wgfleet.wireguard.routeros_gateway:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    name: corp
    listen_ports: [13231]
    forward_pairs:
      - local: 10.1.202.0/24
        remote: 10.1.101.0/24
        interface: wg0

- name: Leave the firewall as it was
  wgfleet.wireguard.routeros_gateway:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    name: corp
    state: absent
"""

RETURN = r"""
writes:
  description: Number of writes to the router. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 2
steps:
  description: What was done, or would be done in check mode, in its order.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "add_opening", "version": 4, "chain": "input", "port": 13231, "before": "*5"}
    - {"do": "add_opening", "version": 6, "chain": "input", "port": 13231, "before": "*A"}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.gateway import open_gateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import GATEWAY, ROUTEROS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_runner import run_gateway


def main() -> None:
    """Run the module."""
    run_gateway(GATEWAY + ROUTEROS, open_gateway, parse_router_interface_name)


if __name__ == "__main__":
    main()
