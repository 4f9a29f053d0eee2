#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module routeros_interface."""

from __future__ import annotations

DOCUMENTATION = r"""
module: routeros_interface
short_description: Manage one WireGuard interface on RouterOS
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Brings one WireGuard interface with its key, addresses, peers and routes to the declared state on a MikroTik router,
    which keeps it over a reboot.
  - Only what differs is touched. An option that is unset is left alone, which is not the same as an empty one.
  - Traffic of peers that are not changed is not interrupted.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._routeros.interface
  - wgfleet.wireguard._interface
  - wgfleet.wireguard._routeros
seealso:
  - module: wgfleet.wireguard.routeros_peer
  - module: wgfleet.wireguard.routeros_info
"""

EXAMPLES = r"""
- name: Bring up this end of a link on a router
  wgfleet.wireguard.routeros_interface:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    name: wg0
    listen_port: 13231
    addresses: [10.255.255.1/24]
    routes: [10.1.101.0/24]
    purge_peers: true
    peers:
      - name: office2
        public_key: v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=
        endpoint_host: 192.168.80.1
        endpoint_port: 13231
        allowed_ips: [10.255.255.2/32, 10.1.101.0/24]

- name: Manage routers with the connection said once
  hosts: routers
  gather_facts: false
  connection: local
  module_defaults:
    group/wgfleet.wireguard.routeros:
      hostname: "{{ ansible_host }}"
      username: ansible
      password: "{{ vault_routeros_password }}"
      ca_path: /etc/ssl/our-ca.pem
  tasks:
    - name: Change the MTU and nothing else
      wgfleet.wireguard.routeros_interface:
        name: wg0
        mtu: 1380

    - name: Remove the interface and what was made with it
      wgfleet.wireguard.routeros_interface:
        name: wg1
        state: absent
"""

RETURN = r"""
writes:
  description: Number of writes to the router. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 7
steps:
  description:
    - What was done, or would be done in check mode, in its order. RV(steps[].do) names the step, and the rest what it
      was done to. Secrets are hidden.
  type: list
  elements: dict
  returned: success
  contains:
    do:
      description: Name of the step.
      type: str
      sample: add_address
  sample:
    - {"do": "add_address", "address": "10.255.255.1/24"}
interface:
  description: The interface as it is afterwards, or would be in check mode, without its peers.
  type: dict
  returned: success
  contains:
    name:
      description: Name.
      type: str
      sample: wg0
    exists:
      description: Whether the interface is there.
      type: bool
      sample: true
    implementation:
      description: What it is made of.
      type: str
      sample: routeros
    public_key:
      description: Its public key. Empty in check mode for an interface that is not there yet.
      type: str
      sample: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
    listen_port:
      description: Its UDP port.
      type: int
      sample: 13231
    fwmark:
      description: Always V(0), because RouterOS has no such mark.
      type: int
      sample: 0
    mtu:
      description: Its MTU in bytes.
      type: int
      sample: 1420
    enabled:
      description: Whether it is up.
      type: bool
      sample: true
    running:
      description: Whether it has its port and works. One that is enabled and does not run is warned of.
      type: bool
      returned: the interface is there, and in check mode where this does not change
      sample: true
    addresses:
      description: Its addresses.
      type: list
      elements: str
      sample: [10.255.255.1/24]
    routes:
      description: The prefixes that this collection routes through it.
      type: list
      elements: str
      sample: [10.1.101.0/24]
    persist:
      description: Always V(none), because a router keeps its configuration by itself.
      type: str
      sample: none
    peer_count:
      description: Number of its peers.
      type: int
      sample: 1
probes:
  description: What came of the peers that were waited for. See O(probe_timeout).
  type: list
  elements: dict
  returned: O(probe_timeout) is given, and peers were made
  contains:
    interface:
      description: Name of the interface, which the result of a loop may have no other place for.
      type: str
      sample: wg0
    public_key:
      description: Public key of the peer.
      type: str
      sample: v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=
    answered_after:
      description: Seconds until its handshake was seen. Null where none was.
      type: float
      sample: 0.25
    watched_for:
      description: Seconds that were waited for it.
      type: float
      sample: 0.25
    rx_bytes:
      description: Bytes received from it meanwhile.
      type: int
      sample: 92
    tx_bytes:
      description: Bytes sent to it meanwhile.
      type: int
      sample: 148
clock_offset:
  description: Seconds by which the clock of the router is ahead of O(controller_time).
  type: int
  returned: O(controller_time) is given, and peers were waited for
  sample: 0
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.probe import Observer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import (
    INTERFACE,
    ROUTEROS,
    ROUTEROS_INTERFACE,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Senses
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import run_interface


def main() -> None:
    """Run the module. The router itself makes the key of a new interface, and keeps it."""
    observer = Observer()
    senses = Senses(observer.probe, observer.clock)
    arguments = INTERFACE + ROUTEROS_INTERFACE + ROUTEROS
    run_interface(arguments, observer.open, public_key_of, senses, None, parse_router_interface_name)


if __name__ == "__main__":
    main()
