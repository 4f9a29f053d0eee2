# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of one peer."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of a peer; the interface modules repeat them as suboptions."""

    DOCUMENTATION = r"""
options:
  public_key:
    description: Public key of the peer, 32 bytes in base64. It identifies the peer on its interface.
    type: str
    required: true
  state:
    description: Whether the peer shall be there.
    type: str
    choices: [present, absent]
    default: present
  preshared_key:
    description:
      - Symmetric key that is mixed into the handshakes with this peer, 32 bytes in base64.
      - An empty string removes it. When unset, it is left alone.
    type: str
  endpoint_host:
    description:
      - Address or host name at which the peer is dialled. A name is resolved where the module runs, when it is set.
      - An endpoint that is declared as before is not set again, so that a peer which has moved is not called back.
      - An empty string says that the peer is not dialled. When unset, it is left alone.
    type: str
  endpoint_port:
    description: UDP port at which the peer is dialled, from 1 to 65535. Needed beside O(endpoint_host).
    type: int
  allowed_ips:
    description:
      - The complete list of prefixes that are sent to this peer and accepted from it. An address is a prefix of full
        length.
      - When unset, it is left alone.
    type: list
    elements: str
  persistent_keepalive:
    description: Seconds between keepalives, V(0) for none. When unset, it is left alone.
    type: int
  name:
    description: Label of the peer for people. It identifies nothing.
    type: str
"""
