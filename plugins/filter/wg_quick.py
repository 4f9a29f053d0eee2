# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter wg_quick."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wg_quick
short_description: Render and parse the text of wg-quick files
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Renders the content of a file as C(wg-quick) reads it, or parses it.
  - Every key of C(wg) and C(wg-quick) is known. What is rendered and parsed again is the same.
  - The text and the parsed data hold the secrets of the file. Use C(no_log) where they could be shown.
positional: parse
options:
  _input:
    description:
      - What the file shall say, or, with O(parse=true), its text.
      - The keys are V(private_key), V(listen_port), V(fwmark), V(addresses), V(dns), V(dns_search), V(mtu), V(table),
        V(pre_up), V(post_up), V(pre_down), V(post_down), V(save_config) and V(peers).
      - Each peer has the keys V(public_key), V(preshared_key), V(allowed_ips), V(endpoint_host), V(endpoint_port),
        V(persistent_keepalive) and V(name).
    type: raw
    required: true
  parse:
    description: Whether to parse a text.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write a file for wg-quick
  ansible.builtin.copy:
    content: "{{ tunnel | wgfleet.wireguard.wg_quick }}"
    dest: /etc/wireguard/wg0.conf
    mode: "0600"
  no_log: true
  vars:
    tunnel:
      private_key: "{{ vaulted_private_key }}"
      addresses: [10.255.255.2/24]
      peers:
        - public_key: "{{ public_key_of_office1 }}"
          allowed_ips: [10.255.255.0/24]
          endpoint_host: office1.example.com
          endpoint_port: 51820

- name: Read such a file
  ansible.builtin.set_fact:
    tunnel: "{{ lookup('ansible.builtin.file', 'wg0.conf') | wgfleet.wireguard.wg_quick(parse=true) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The text, or, with O(parse=true), a dictionary of what the file says. What it does not say is not there.
  type: raw
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick import text as quick_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.options import (
    quick_config,
    quick_options,
)
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def wg_quick(content: Any, parse: bool = False) -> Any:
    """Render data, or parse text."""
    data = plain(content)
    if not parse:
        return quick_text.render(quick_config(data)).reveal()
    if not isinstance(data, str):
        raise InvalidValue("to be parsed, it must be text")
    return quick_options(quick_text.parse(data))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"wg_quick": wg_quick}
