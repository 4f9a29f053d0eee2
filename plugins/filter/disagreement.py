# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter disagreement."""

from __future__ import annotations

DOCUMENTATION = r"""
name: disagreement
short_description: How the declarations of hosts differ
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - A network is declared once, for all of its hosts. This compares what each host has of the variable, and names two
    hosts that differ and the first place at which they do.
  - Values are not told, since there may be private keys among them.
options:
  _input:
    description: The declared networks by host. An empty string stands for none.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: See that all hosts have the same declaration
  ansible.builtin.assert:
    that: found == ''
    fail_msg: "{{ found }}"
  vars:
    found: "{{ dict(groups['all'] | zip(groups['all'] | map('extract', hostvars, 'wireguard_networks')))
      | wgfleet.wireguard.disagreement }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - What differs, such as C(wireguard_networks differs between office1 and office2, first at
      wireguard_networks.corp.port). Empty where all agree.
  type: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks import agreement
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._core_filter import plain, reporting


@reporting
def disagreement(declarations: Any) -> str:
    """Compare the declarations of hosts."""
    return agreement.disagreement({host: plain(declaration) for host, declaration in declarations.items()})


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"disagreement": disagreement}
