#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module routeros_peer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: routeros_peer
short_description: Manage one peer of a WireGuard interface on RouterOS
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Adds, changes or removes one peer and leaves all others alone.
  - A prefix that belongs to another peer is refused, because that peer would lose it without a word.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._peer
  - wgfleet.wireguard._routeros
  - wgfleet.wireguard._routeros.peer
options:
  interface:
    description: Name of the interface. It must exist.
    type: str
    required: true
seealso:
  - module: wgfleet.wireguard.routeros_interface
"""

EXAMPLES = r"""
- name: Bring up an interface
  wgfleet.wireguard.routeros_interface:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    name: wg0
    listen_port: 13231
    addresses: [10.255.255.1/24]

- name: Admit one more peer
  wgfleet.wireguard.routeros_peer:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    interface: wg0
    name: alice-phone
    public_key: v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=
    allowed_ips: [10.255.255.9/32]

- name: Revoke it
  wgfleet.wireguard.routeros_peer:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    interface: wg0
    public_key: v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=
    state: absent
"""

RETURN = r"""
writes:
  description: Number of writes to the router. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 1
steps:
  description: What was done, or would be done in check mode, in its order. Secrets are hidden.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "set_peer", "public_key": "v/oIzPyFm1FPHrqhytZgsKjU7mUToQHLrW+Tb5e601M=", "create": true}
interface:
  description: The interface as it is afterwards, or would be in check mode, without its peers.
  type: dict
  returned: success
  sample: {"name": "wg0", "exists": true, "peer_count": 1}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import open_routeros
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.curve25519 import public_key_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import (
    PEER,
    ROUTEROS,
    ROUTEROS_PEER,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import run_peer


def main() -> None:
    """Run the module."""
    run_peer(PEER + ROUTEROS_PEER + ROUTEROS, open_routeros, public_key_of, parse_router_interface_name)


if __name__ == "__main__":
    main()
