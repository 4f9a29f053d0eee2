#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module linux_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_info
short_description: Read the state and the statistics of WireGuard interfaces on Linux
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Reads all WireGuard interfaces of a host, or one.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.gathers
  - wgfleet.wireguard._linux
options:
  name:
    description: Name of the one interface to read. One that does not exist is returned as such.
    type: str
  probe_timeout:
    description:
      - Number of seconds to wait for handshakes with peers that had none for a while.
      - A link that carries no traffic has none, so one packet is sent to each such peer, to an address that it is
        allowed.
      - A peer that answers in time is returned with its new handshake, one that does not with its last.
      - With V(0), nothing is sent.
    type: int
    default: 0
  probe_peers:
    description: Public keys of the peers that are probed. When unset, all are.
    type: list
    elements: str
  probe_await:
    description:
      - Public keys of the peers that are waited for in any case. Of the others that are probed, only those are waited
        for that had a handshake at any time before, so that nobody waits for a device that was never there.
      - When unset, all that are probed are waited for.
    type: list
    elements: str
  controller_time:
    description:
      - Time on the controller in seconds since 1970, such as C(now().timestamp()). With it, RV(clock_offset) is
        returned.
    type: float
seealso:
  - module: wgfleet.wireguard.linux_interface
"""

EXAMPLES = r"""
- name: Read all interfaces
  wgfleet.wireguard.linux_info:
  register: wireguard

- name: Show when each peer was last heard
  ansible.builtin.debug:
    msg: "{{ item.0.name }} {{ item.1.name }}
      {{ '%c' | strftime(item.1.last_handshake) if item.1.last_handshake else 'never' }}"
  loop: "{{ wireguard.interfaces | subelements('peers') }}"
  loop_control:
    label: "{{ item.1.name | default(item.1.public_key, true) }}"
"""

RETURN = r"""
interfaces:
  description: The interfaces.
  type: list
  elements: dict
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
      sample: kernel
    public_key:
      description: Its public key.
      type: str
      sample: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
    listen_port:
      description: Its UDP port.
      type: int
      sample: 13231
    fwmark:
      description: Mark of its packets.
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
      description: What brings it up at boot.
      type: str
      sample: wg_quick
    peer_count:
      description: Number of its peers.
      type: int
      sample: 1
    peers:
      description: Its peers.
      type: list
      elements: dict
      contains:
        public_key:
          description: Its public key.
          type: str
          sample: v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=
        name:
          description: Its label.
          type: str
          sample: office2
        preshared_key:
          description: Empty where there is none.
          type: str
          sample: (hidden)
        endpoint:
          description: Where it is declared to be dialled.
          type: str
          sample: "192.168.80.1:13231"
        current_endpoint:
          description: Where it was last heard.
          type: str
          sample: "192.168.80.1:13231"
        allowed_ips:
          description: Its prefixes.
          type: list
          elements: str
          sample: [10.1.101.0/24]
        persistent_keepalive:
          description: Seconds between keepalives.
          type: int
          sample: 25
        last_handshake:
          description: Time of the last handshake in seconds since 1970, 0 for never.
          type: int
          sample: 1789000000
        rx_bytes:
          description: Bytes received from it.
          type: int
          sample: 14820
        tx_bytes:
          description: Bytes sent to it.
          type: int
          sample: 15012
        probe:
          description: What the probe found of it. Only where it was probed.
          type: dict
          contains:
            answered_after:
              description:
                - Seconds from the beginning of the probe until its handshake was seen. Null where none was.
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
now:
  description: Time on the host when it was read, in seconds since 1970.
  type: int
  returned: success
  sample: 1789000012
clock_offset:
  description: Seconds by which the clock of the host is ahead of O(controller_time).
  type: int
  returned: O(controller_time) is given
  sample: 0
obstacle:
  description: Why there can be no WireGuard interface, where there is none. Else empty.
  type: str
  returned: success
  sample: ""
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import open_linux
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.probe import (
    clock,
    interface_names,
    probe,
    why_none,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import INFO, LINUX
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.host_runner import run_info
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Senses


def main() -> None:
    """Run the module."""
    run_info(INFO + LINUX, open_linux, interface_names, Senses(probe, clock), why_none)


if __name__ == "__main__":
    main()
