# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter verify."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify
short_description: Verify the declared networks before anything is written
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Looks for everything that is wrong with the declaration of all networks, and fails with all problems at once, each
    with its place.
  - Finds malformed values and names, unknown keys, members that are no hosts, keys and addresses that occur twice,
    addresses outside of the pool, prefixes that overlap, interfaces and ports that clash on a host, members that
    cannot reach each other, and endpoints that would be routed into their own tunnel.
positional: hosts
options:
  _input:
    description: The declared networks, usually the variable C(wireguard_networks).
    type: dict
    required: true
  hosts:
    description:
      - Names of all hosts in the inventory. A member that is not external must be one of them.
      - Without it, that is not verified.
    type: list
    elements: str
notes:
  - With PyNaCl on the controller, a private key is compared with the public key beside it.
"""

EXAMPLES = r"""
- name: Refuse to go on with a wrong declaration
  ansible.builtin.assert:
    that: wireguard_networks | wgfleet.wireguard.verify(groups['all']) is mapping
"""

RETURN = r"""
_value:
  description: The declaration, unchanged.
  type: dict
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verified
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._public_half import derive_if_possible
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def verify(declaration: Any, hosts: Any = None) -> Any:
    """Give the declaration back, if nothing is wrong with it."""
    verified(plain(declaration), plain(hosts), derive_if_possible())
    return declaration


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"verify": verify}
