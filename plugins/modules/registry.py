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
  - Keeps the registry, a file of the controller that pins the public key and the tunnel addresses of every member and
    client. It holds no secret and belongs beside the inventory, under version control.
  - What is to be on a host follows from the declaration and the registry alone, whichever hosts a run is limited to.
  - A pinned key is never replaced by one that was merely found; the difference is a warning, and the run of that host
    refuses to go on. Who leaves the declaration stays in the registry as departed, so that what was made can be removed
    and the address is not given to another. The address of a client that left is free again after C(client_reservation)
    days; until then the client gets it back.
  - When a network leaves the declaration while another one is new, a warning says so, since a network that is given
    another name is built anew.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  path:
    description: The registry's file on the controller.
    type: path
    required: true
  networks:
    description: The declaration, as the role P(wgfleet.wireguard.wireguard#role) describes it.
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
  client_keys:
    description: Public keys of clients, by network and then by client, as of their configuration on the controller.
    type: dict
    default: {}
  released:
    description:
      - Networks by host, whose interface is gone from the host and its private key with it, as when a router was torn
        down, or is about to go, as when the interface of a router gets another name. The key that is pinned there is
        forgotten, so that another one is taken.
    type: dict
    default: {}
  cleared:
    description:
      - Hosts from which this run has removed what is not theirs any more. No interface of a member that has departed,
        and no former name of one, is kept in mind after that.
    type: list
    elements: str
    default: []
  failed:
    description:
      - Hosts that were to be in this run and have failed. They are named where their keys are not known.
    type: list
    elements: str
    default: []
  registry:
    description:
      - In check mode, the registry that an earlier call of the same run returned. The check goes on from it, since
        it was not written. Otherwise it has no effect.
    type: dict
  today:
    description:
      - The date of the run, as in V(2027-01-31). Without it, today's date on the controller.
      - The addresses of a client that leaves the declaration are reserved from it on. A client whose C(expires) is
        before it is named in a warning.
    type: str
  clients_file:
    description:
      - The file of clients that are declared besides those of O(networks), see M(wgfleet.wireguard.client). They count
        as they are while the registry is locked. What is wrong with one of them is reported with its place in the file.
    type: path
  added:
    description:
      - In check mode, the clients that count in place of those in O(clients_file), as M(wgfleet.wireguard.client) has
        announced them. Otherwise it has no effect.
    type: dict
  psk_secret:
    description:
      - The secret of the fleet, of which preshared keys are derived. When given, a network with C(psk=per_pair) for
        which it is empty or too short is a problem. It is not kept, and nothing is derived of it here.
    type: str
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
  description:
    - The registry as it is afterwards, or would be in check mode. There, a member or client whose key is not written
      yet has C(provisional). A key that only the run will make is stood in for by one that begins with
      C(MadeInTheRun), and the difference says C((made in the run)).
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
        clients:
          alice-phone:
            public_key: d3VtLWlzLW5vdC1hLWtleS1idXQtMzItYnl0ZXMtb2s=
            addresses: [10.255.255.4/24]
            servers: [office1]
          bob-laptop:
            addresses: [10.255.255.5/24]
            servers: [office1]
            reserved_until: "2027-05-01"
added:
  description: The clients that counted besides those of O(networks), in the form of O(clients_file).
  type: dict
  returned: success
before:
  description: The registry as this call has found it, without what O(released) and O(cleared) take away.
  type: dict
  returned: success
"""
