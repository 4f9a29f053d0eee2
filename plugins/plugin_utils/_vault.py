# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption of files by the secrets of the run, as Ansible Vault does it.

Rules of this file: errors say which file, never what is in it.
"""

from __future__ import annotations

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted, match_encrypt_secret

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError

_NOTHING_TO_ENCRYPT_BY = (
    "encrypt is wanted, and this run has no vault secret: give one by --vault-password-file, --vault-id or"
    " --ask-vault-pass"
)


class Vault:
    """The vault of a run, which Ansible's loader has."""

    def __init__(self, library: VaultLib) -> None:
        self._library = library

    def require_secret(self) -> None:
        """Raise PersistenceError where nothing can be encrypted."""
        self._secret()

    def _secret(self) -> tuple[str, object]:
        if not self._library.secrets:
            raise PersistenceError(_NOTHING_TO_ENCRYPT_BY)
        try:
            identity, secret = match_encrypt_secret(
                self._library.secrets,
                encrypt_vault_id=constants.config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY"),
            )
        except AnsibleError as error:
            raise PersistenceError(f"no vault secret serves to encrypt: {error.message}") from None
        return identity, secret

    @staticmethod
    def is_encrypted(content: bytes) -> bool:
        """Tell whether content is a vault's."""
        return bool(is_encrypted(content))

    def encrypt(self, content: bytes) -> bytes:
        """Encrypt by the secret that Ansible would choose. Raises PersistenceError."""
        identity, secret = self._secret()
        encrypted: bytes = self._library.encrypt(content, secret=secret, vault_id=identity)
        return encrypted

    def decrypt(self, content: bytes, path: str) -> bytes:
        """Decrypt by whichever secret fits. Raises PersistenceError."""
        try:
            clear: bytes = self._library.decrypt(content)
        except AnsibleError:
            raise PersistenceError(f"{path} is encrypted, and no vault secret of this run opens it") from None
        return clear
