#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of client, which is an action and runs on the controller only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client
short_description: Add a client to the declared networks by the answers of a survey, or revoke it
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Keeps clients in a file beside the registry, so that a client can be added without editing the declaration. All
    roles and playbooks of the collection take those in the file for declared ones.
  - Takes the answers as AWX hands them over, as text or lists, with nothing, null, an empty text or an empty list for
    questions that were not answered. A list may be text with commas or lines.
  - Verifies the declaration with the client in it, and that addresses are left, before it writes. Reports all problems
    at once, each with the question.
  - Does not configure any host. The playbooks C(wgfleet.wireguard.add_client) and C(wgfleet.wireguard.revoke_client) do
    so in the same run.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  path:
    description: The file on the controller. The directory must be there, and keeps two runs apart.
    type: path
    required: true
  state:
    description:
      - With V(present), the client is added. One that was added before with other answers is changed only where
        C(wireguard_client_change) is answered with yes.
      - With V(absent), the client is revoked. The name must be that of a client that was added, or that was revoked
        lately, since a slip of the pen would pass for a success.
    type: str
    choices: [present, absent]
    default: present
  answers:
    description:
      - The answers by variable. With O(state=absent), those to C(wireguard_client_name) and C(wireguard_client_network)
        count. The entry points C(add_client) and C(revoke_client) of the role P(wgfleet.wireguard.wireguard#role)
        describe each.
    type: dict
    required: true
  networks:
    description: The declaration without the clients that were added.
    type: dict
    required: true
  registry:
    description: The registry's file, which need not be there yet.
    type: path
    required: true
  hosts:
    description: Names of the inventory's hosts. When given, a member that is none of them must be external.
    type: list
    elements: str
  asked:
    description: Names of the hosts of the run. Servers of the client that are not among them are named in a warning.
    type: list
    elements: str
  today:
    description: The date of the run, as in V(2027-01-31). Without it, today's date on the controller.
    type: str
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so that some parts run on the controller.
    support: full
seealso:
  - module: wgfleet.wireguard.client_config
  - plugin: wgfleet.wireguard.with_clients
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Let bob's laptop in until the end of the year
  wgfleet.wireguard.client:
    path: "{{ inventory_dir }}/wireguard_clients.yml"
    registry: "{{ inventory_dir }}/wireguard_registry.yml"
    networks: "{{ wireguard_networks }}"
    answers:
      wireguard_client_name: bob-laptop
      wireguard_client_via: office1
      wireguard_client_expires: "2099-12-31"
      wireguard_client_public_key: ""

- name: Revoke it
  wgfleet.wireguard.client:
    path: "{{ inventory_dir }}/wireguard_clients.yml"
    registry: "{{ inventory_dir }}/wireguard_registry.yml"
    networks: "{{ wireguard_networks }}"
    answers:
      wireguard_client_name: bob-laptop
    state: absent
"""

RETURN = r"""
network:
  description: The client's network.
  type: str
  returned: success
client:
  description: The client's name.
  type: str
  returned: success
added:
  description: All clients that are kept, as they are in the file, or would be. It holds no secret.
  type: dict
  returned: success
  sample:
    version: 1
    networks:
      corp:
        clients:
          bob-laptop:
            via: [office1]
            expires: "2099-12-31"
"""
