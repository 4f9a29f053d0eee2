# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of one interface."""

from __future__ import annotations

import textwrap

from ansible_collections.wgfleet.wireguard.plugins.doc_fragments._gateway import OPTIONS as _GATEWAY


class ModuleDocFragment:
    """Options of an interface."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the interface, at most 15 characters.
      - Needed unless O(config) is given.
    type: str
  config:
    description:
      - All options of the interface in one piece, as the text of a JSON object with the names and meanings of the other
        options. The filter P(wgfleet.wireguard.host_config#filter) makes such objects.
      - Ten thousand peers pass in a tenth of a second this way, and take half a minute as O(peers).
      - No other option of the interface may stand beside it, but O(adopt) and those of the probe.
    type: str
  state:
    description:
      - Whether the interface shall be there.
      - With V(absent), what was made with it goes too, namely its routes, rules and files. A key file stays.
    type: str
    choices: [present, absent]
    default: present
  private_key:
    description:
      - Private key of the interface, 32 bytes in base64.
      - Without this and O(private_key_file), the key that the interface has stays, and a new interface gets a new key.
    type: str
  private_key_file:
    description: File that holds the private key, on the machine on which the module runs.
    type: path
  expected_public_key:
    description:
      - Public key that the interface must have. Another one is an error, and nothing is written.
    type: str
  adopt:
    description:
      - Whether an interface that is there already, and that no run of this collection has made, may be taken over.
      - With V(false), such an interface is an error, in check mode too, and nothing is written. So is somebody else's
        file in the place of one that would bring the interface up at boot.
      - What has the key of O(expected_public_key), O(private_key) or O(private_key_file) is no stranger, nor is an
        interface without peers and addresses.
      - It may stand beside O(config).
    type: bool
    default: true
  probe_timeout:
    description:
      - Number of seconds to wait for handshakes with peers that this call has made, so that RV(probes) tells whether
        they answer. With V(0), nothing is waited for.
    type: int
    default: 0
  probe_peers:
    description: Public keys of the peers that are waited for, if this call has made them. When unset, all are.
    type: list
    elements: str
  controller_time:
    description:
      - Time on the controller in seconds since 1970, such as C(now().timestamp()). With it, RV(clock_offset) is
        returned where peers are waited for.
    type: float
  listen_port:
    description: UDP port of the interface. With V(0), or on a new interface when unset, the system chooses one.
    type: int
  fwmark:
    description: Mark of the packets that the interface sends, decimal or hexadecimal, V(0) or V(off) for none.
    type: str
  mtu:
    description:
      - MTU in bytes, at least 1280 where an address is IPv6.
      - When unset, a new interface has 1420, and that of another one is left alone.
    type: int
  enabled:
    description: Whether the interface shall be up. When unset, a new interface is up and another one left alone.
    type: bool
  start:
    description:
      - Whether a new interface is up where O(enabled) is unset. With V(false), it stays down until a later call that
        has O(enabled=true), such as the one that knows its port. When unset, it is up.
    type: bool
  addresses:
    description:
      - The complete list of the interface's addresses, each with the length of its prefix.
      - When unset, they are left alone.
    type: list
    elements: str
  routes:
    description:
      - The complete list of the prefixes that are routed through the interface by this collection. Routes that were
        made by others are never touched.
      - When unset, they are left alone.
    type: list
    elements: str
  route_table:
    description: Number of the routing table for O(routes). When unset, it is the main table.
    type: int
  route_metric:
    description: Metric of O(routes). When unset, it is the system's default.
    type: int
  peers:
    description:
      - Peers of the interface, each identified by its public key.
      - Peers that are not in the list stay, unless O(purge_peers=true).
    type: list
    elements: dict
    suboptions:
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
        description: UDP port at which the peer is dialled, from 1 to 65535.
        type: int
      allowed_ips:
        description:
          - The complete list of prefixes that are sent to this peer and accepted from it. An address is a prefix of
            full length.
          - When unset, it is left alone.
        type: list
        elements: str
      persistent_keepalive:
        description: Seconds between keepalives, V(0) for none. When unset, it is left alone.
        type: int
      name:
        description: Label of the peer for people. It identifies nothing.
        type: str
  purge_peers:
    description:
      - Whether peers that are not in O(peers) are removed. When unset, they stay.
      - Where O(peers) is unset, none is removed. An empty list removes all.
    type: bool
  gateway:
    description:
      - What the host does for this tunnel as a gateway, completely, as the module for gateways does it for the name of
        the interface. The openings come after the interface, and go before it.
      - With O(state=absent), all that was done for it goes. When unset, it is left alone.
    type: dict
    suboptions:
"""


# Not in the class: tools that look for documentation there read plain texts only.
ModuleDocFragment.DOCUMENTATION += textwrap.indent(_GATEWAY.replace("O(", "O(gateway."), "    ")
