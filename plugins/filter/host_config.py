# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter host_config."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_config
short_description: What one host shall have of the declared networks
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Compiles the declaration of all networks and the registry to the interfaces that one host shall have.
  - The result depends on its input only, never on which hosts are in the current run.
positional: registry, host, state, key_directory
options:
  _input:
    description:
      - The declared networks, usually the variable C(wireguard_networks).
      - Run the filter P(wgfleet.wireguard.verify#filter) on it first; this filter finds problems of form only.
    type: dict
    required: true
  registry:
    description: The registry, as the module M(wgfleet.wireguard.registry) returns it.
    type: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  state:
    description: With V(absent), all interfaces of the host shall go, as before the networks are torn down.
    type: str
    choices: [present, absent]
    default: present
  key_directory:
    description:
      - Directory on the host that holds its private keys, one file for each network.
      - With an empty one, no key file is named.
    type: str
    default: ""
seealso:
  - plugin: wgfleet.wireguard.verify
    plugin_type: filter
  - module: wgfleet.wireguard.registry
"""

EXAMPLES = r"""
- name: Show what this host shall have
  ansible.builtin.debug:
    msg: "{{ wireguard_networks | wgfleet.wireguard.host_config(registry, inventory_hostname) }}"
  vars:
    registry: "{{ lookup('ansible.builtin.file', 'wireguard_registry.yml') | from_yaml }}"
"""

RETURN = r"""
_value:
  description:
    - One entry per interface, those to remove first, then those to have in the order of the declaration.
    - No entry holds a secret. A private key that the declaration supplies is not in it.
  type: list
  elements: dict
  contains:
    network:
      description: The network's name.
      type: str
    present:
      description: Whether the interface shall exist. False after the host or its network left the declaration.
      type: bool
    needs_key:
      description:
        - Whether the host's key is to be made, since none is pinned for it, or is to be brought to it from the
          declaration.
      type: bool
    interface:
      description: Options of the module M(wgfleet.wireguard.linux_interface).
      type: dict
    forwarding:
      description: The address families, V(ipv4) and V(ipv6), that the host has to forward.
      type: list
      elements: str
    listen_ports:
      description: The UDP ports at which others dial the host.
      type: list
      elements: int
    forward_pairs:
      description:
        - The pairs of prefixes, C(local) and C(remote), between which the host forwards, and the C(interface) through
          which the remote one is reached.
      type: list
      elements: dict
    missing:
      description: Members that are left out, since their public key is not known yet.
      type: list
      elements: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration_reader import parse_declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.host_plan import (
    host_networks,
    render_host_network,
    withdrawn,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._core_filter import plain, reporting


@reporting
def host_config(
    declaration: Any, registry: Any, host: str, state: str = "present", key_directory: str = ""
) -> list[dict[str, Any]]:
    """Compile the declaration for one host."""
    if state not in ("present", "absent"):
        raise InvalidValue(f"state must be present or absent, not {state}")
    items = host_networks(parse_declaration(plain(declaration)), parse_registry(plain(registry)), str(host))
    if state == "absent":
        items = [withdrawn(item) for item in items]
    return [render_host_network(item, str(key_directory)) for item in items]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"host_config": host_config}
