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
positional: registry, host, state, key_directory, platform, today, psk_secret, outline
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
  platform:
    description: What kind of device the host is.
    type: str
    choices: [linux, routeros]
    default: linux
  today:
    description: The date, as in V(2027-01-31), by which clients expire. Without it, today's date on the controller.
    type: str
    default: ""
  psk_secret:
    description:
      - The secret of the fleet, of which preshared keys are derived. Networks with C(psk=per_pair) need it.
      - The result then holds preshared keys. Keep it out of loops, and use C(no_log) where it could be shown.
    type: str
    default: ""
  outline:
    description:
      - Give of each interface only what is small and holds no secret, so that it can be noted as a fact. To compile
        the plan takes time with a large declaration, and whoever only asks for names should not do it each time.
    type: bool
    default: false
notes:
  - The preshared key of a pair of which one end is external is left alone. Make it out with whoever configures that
    end, and set it with M(wgfleet.wireguard.linux_peer) or M(wgfleet.wireguard.routeros_peer); the lookup
    P(wgfleet.wireguard.psk#lookup) gives the key that the network would have.
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
    registry: "{{ lookup('ansible.builtin.file', inventory_dir ~ '/wireguard_registry.yml') | from_yaml }}"
"""

RETURN = r"""
_value:
  description:
    - One entry per interface, those to remove first, then those to have in the order of the declaration.
    - The only secrets in it are preshared keys. A private key that the declaration supplies is not in it.
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
    renews_key:
      description:
        - Whether the key that is pinned goes with an interface that got another name, as on a router, so that the one
          in its place has another key. Part of the outline only.
      type: bool
    is_gateway:
      description: Whether the host lets others out through this network. Part of the outline only.
      type: bool
    interface:
      description:
        - Options of the module M(wgfleet.wireguard.linux_interface), or M(wgfleet.wireguard.routeros_interface), with
          what the host does as a gateway. The outline has the interface's name here.
      type: raw
    split_tunnel:
      description: Options of a split tunnel. Empty where there is none.
      type: dict
    missing:
      description: Members and clients that are left out, since their public key is not known yet. Not in the outline.
      type: list
      elements: str
    expired:
      description: Clients of this host that are left out, since their last day is over. Not in the outline.
      type: list
      elements: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_plan import (
    host_networks,
    withdrawn,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_rendering import (
    HOST_PLATFORMS,
    platform_problems,
    render_host_network,
    render_outline,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import day_or_today, plain, reporting

STATES = ("present", "absent")


@reporting
def host_config(
    declaration: Any,
    registry: Any,
    host: str,
    state: str = "present",
    key_directory: str = "",
    platform: str = "linux",
    today: str = "",
    psk_secret: str = "",
    outline: bool = False,
) -> list[dict[str, Any]]:
    """Compile the declaration for one host."""
    for option, value, choices in (("state", state, STATES), ("platform", platform, HOST_PLATFORMS)):
        if value not in choices:
            raise InvalidValue(f"{option} must be {' or '.join(choices)}, not {value}")
    # What is to go needs no keys.
    secret = None if state == "absent" else str(psk_secret or "")
    items = host_networks(
        parse_declaration(plain(declaration)), parse_registry(plain(registry)), str(host), day_or_today(today), secret
    )
    if state == "absent":
        items = [withdrawn(item) for item in items]
    problems = list(platform_problems(items, platform))
    if problems:
        raise InvalidInput(problems)
    if outline:
        return [render_outline(item, platform) for item in items]
    return [render_host_network(item, str(key_directory), str(platform)) for item in items]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"host_config": host_config}
