# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup psk."""

from __future__ import annotations

DOCUMENTATION = r"""
name: psk
short_description: The preshared key of two ends of a network
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Derives the preshared key of a pair from one secret of the fleet, so that no key has to be kept or brought from one
    end to the other.
  - The order of the two ends does not count. Another network, another pair or another epoch has another key, and none
    tells anything of another one or of the secret.
  - The key is 32 bytes of BLAKE2b over the network, the two ends and the epoch, each with its length, keyed with the
    hash of the secret.
  - Networks that are declared with C(psk=per_pair) use the same keys; this lookup is for ends that are configured by
    something else.
options:
  _terms:
    description: The network's name, and the names of the two ends.
    type: list
    elements: str
    required: true
  secret:
    description:
      - The secret of the fleet, of at least 16 characters. Keep it in a vault.
    type: str
    required: true
    vars:
      - name: wireguard_psk_secret
  epoch:
    description: A number from 1. Raising it changes all keys.
    type: int
    default: 1
notes:
  - The result is a secret. Use C(no_log) where it could be shown.
"""

EXAMPLES = r"""
- name: Give one peer its preshared key
  wgfleet.wireguard.linux_peer:
    interface: wg0
    public_key: "{{ public_key_of_office2 }}"
    preshared_key: "{{ lookup('wgfleet.wireguard.psk', 'corp', 'office1', 'office2', secret=vaulted_secret, epoch=2) }}"
"""

RETURN = r"""
_raw:
  description: The key in base64.
  type: list
  elements: str
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import WireguardError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.preshared import derive_preshared_key
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain


class LookupModule(LookupBase):
    """Derive the key of one pair."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Give one key, in base64."""
        self.set_options(var_options=variables, direct=kwargs)
        names = plain(terms)
        if len(names) != 3 or not all(isinstance(name, str) for name in names):
            raise AnsibleLookupError("psk takes three names: the network and the two ends")
        network, one, other = names
        try:
            key = derive_preshared_key(
                str(self.get_option("secret")), network, (one, other), int(self.get_option("epoch"))
            )
        except WireguardError as error:
            raise AnsibleLookupError(str(error)) from None
        return [key.reveal()]
