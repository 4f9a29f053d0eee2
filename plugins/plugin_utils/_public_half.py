# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public half of a private key, computed on the controller by PyNaCl, which may be missing there."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey

try:
    from nacl.bindings import crypto_scalarmult_base
except ImportError:
    crypto_scalarmult_base = None  # type: ignore[assignment]  # asked for where it is used


def derive_if_possible() -> Any:
    """Give `derive_public_key` where PyNaCl is installed, else None."""
    return derive_public_key if crypto_scalarmult_base is not None else None


def derive_public_key(private_key: PrivateKey) -> PublicKey:
    """Compute the public half of a private key (RFC 7748, section 6.1). Raises AnsibleFilterError without PyNaCl."""
    if crypto_scalarmult_base is None:
        raise AnsibleFilterError("PyNaCl is missing on the controller: run pip install PyNaCl there")
    return PublicKey(crypto_scalarmult_base(private_key.raw))
