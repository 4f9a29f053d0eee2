# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter public_key."""

from __future__ import annotations

DOCUMENTATION = r"""
name: public_key
short_description: The public half of a private key
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Computes the public key that belongs to a private key, as C(wg pubkey) does.
options:
  _input:
    description: A private key in base64.
    type: str
    required: true
requirements:
  - PyNaCl on the controller
"""

EXAMPLES = r"""
- name: Show the public key of a private key from a vault
  ansible.builtin.debug:
    msg: "{{ vaulted_private_key | wgfleet.wireguard.public_key }}"
"""

RETURN = r"""
_value:
  description: The public key in base64.
  type: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, decode_key
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._public_half import derive_public_key
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def public_key(private_key: Any) -> str:
    """Compute the public half."""
    text = plain(private_key)
    if not isinstance(text, str):
        raise InvalidValue("the private key must be text")
    return str(derive_public_key(decode_key(text, PrivateKey)))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"public_key": public_key}
