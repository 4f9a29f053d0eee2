#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of registry, which is an action and runs on the controller only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry
short_description: Check the declaration and pin keys and addresses of its members
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Checks the declaration of networks as a whole and reports all problems at once, each with its place.
  - Keeps the registry, a file of the controller that pins the public key and the tunnel addresses of every member. It
    holds no secret and belongs beside the inventory, under version control.
  - What is to be on a host follows from the declaration and the registry alone, whichever hosts a run is limited to.
  - A pinned key is never replaced by one that was merely found; the difference is a warning, and the run of that host
    refuses to go on. Who leaves the declaration stays in the registry as departed, so that what was made can be removed
    and the address is not given to another.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  path:
    description: The registry's file on the controller.
    type: path
    required: true
  networks:
    description: The declaration, as the role P(wgfleet.wireguard.site_to_site#role) explains it.
    type: dict
    required: true
  hosts:
    description: Names of the inventory's hosts. When given, a member that is none of them must be external.
    type: list
    elements: str
  public_keys:
    description: Public keys that were found on hosts, by host and then by network.
    type: dict
    default: {}
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so that some parts run on the controller.
    support: full
"""

EXAMPLES = r"""
- name: Check the declaration and pin addresses and keys
  wgfleet.wireguard.registry:
    path: "{{ inventory_dir }}/wireguard_registry.yml"
    networks: "{{ wireguard_networks }}"
    public_keys:
      office1:
        corp: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
  register: pinned
  run_once: true
"""

RETURN = r"""
registry:
  description: The registry as it is afterwards, or would be in check mode.
  type: dict
  returned: success
  sample:
    version: 1
    networks:
      corp:
        members:
          office1:
            public_key: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
            addresses: [10.255.255.1/24]
            interface: wg0
"""
