# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter with_clients."""

from __future__ import annotations

DOCUMENTATION = r"""
name: with_clients
short_description: The declaration together with the clients that were added to it
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Puts the clients that the module M(wgfleet.wireguard.client) keeps into the declaration.
  - A client that is in both is an error that names both places. Clients of a network that is not declared are left out.
positional: added, source
options:
  _input:
    description: The declared networks, usually the variable C(wireguard_networks).
    type: dict
    required: true
  added:
    description: What is in the file of clients.
    type: dict
    required: true
  source:
    description: The path of that file, for messages.
    type: str
    required: true
seealso:
  - module: wgfleet.wireguard.client
"""

EXAMPLES = r"""
- name: Show all clients
  ansible.builtin.debug:
    msg: "{{ (wireguard_networks | wgfleet.wireguard.with_clients(added, file)).corp.clients }}"
  vars:
    file: "{{ inventory_dir }}/wireguard_clients.yml"
    added: "{{ lookup('ansible.builtin.file', file) | from_yaml }}"
"""

RETURN = r"""
_value:
  description: The declaration.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.added import parse_added, with_added
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def with_clients(declaration: Any, added: Any, source: str) -> Any:
    """Put the added clients into the declaration."""
    return with_added(plain(declaration), parse_added(plain(added), str(source)), str(source))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"with_clients": with_clients}
