# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that only RouterOS has."""

from __future__ import annotations

import textwrap

from ansible_collections.wgfleet.wireguard.plugins.doc_fragments._peer import ModuleDocFragment as _Peer

_OF_PEER = r"""  comment:
    description: Comment of the peer, from RouterOS 7.15 on. When unset, it is left alone.
    type: str
  enabled:
    description: Whether the peer is in use. When unset, it is left alone.
    type: bool
  responder:
    description:
      - Whether the router waits for the peer and never dials it, from RouterOS 7.15 on. When unset, it is left alone.
    type: bool
  private_key:
    description:
      - Private key of the client, from RouterOS 7.12 on, for routers that hand out configurations of clients. An empty
        string removes it. When unset, it is left alone.
    type: str
  client_address:
    description: Addresses of the client, for its configuration, from RouterOS 7.12 on.
    type: list
    elements: str
  client_dns:
    description: DNS servers of the client, for its configuration, from RouterOS 7.12 on.
    type: list
    elements: str
  client_endpoint:
    description: Where the client dials this router, for its configuration, from RouterOS 7.12 on.
    type: str
  client_keepalive:
    description: Seconds between keepalives of the client, for its configuration, from RouterOS 7.12 on.
    type: int
  client_listen_port:
    description: UDP port of the client, for its configuration, from RouterOS 7.12 on.
    type: int
  client_allowed_address:
    description: Prefixes that the client sends into the tunnel, for its configuration, from RouterOS 7.21 on.
    type: list
    elements: str
"""
_OF_EVERY_PEER = _Peer.DOCUMENTATION.partition("options:\n")[2].replace("O(", "O(peers[].")


class ModuleDocFragment:
    """Where the router is, and how to log in."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - Address or name of the router.
      - Taken from the environment variable E(ROUTEROS_HOST) where it is not given.
    type: str
    required: true
  port:
    description:
      - TCP port of the API. When unset, it is 8729 with O(tls=true) and else 8728.
      - Taken from the environment variable E(ROUTEROS_PORT) where it is not given.
    type: int
  username:
    description:
      - User of the router. Its group needs the policies C(api), C(read) and C(write), and C(sensitive) to see whether a
        key differs; without that, keys that are there are left as they are.
      - Taken from the environment variable E(ROUTEROS_USERNAME) where it is not given.
    type: str
    required: true
  password:
    description:
      - Password of the user.
      - Taken from the environment variable E(ROUTEROS_PASSWORD) where it is not given.
    type: str
    default: ""
  password_file:
    description:
      - File that holds the password of the user, on the machine on which the module runs. A line break at its end is no
        part of it. It counts where O(password) is not given.
      - Taken from the environment variable E(ROUTEROS_PASSWORD_FILE) where it is not given. What writes down the
        environment of a run, as C(ansible-runner) does, has no password in it then.
    type: path
  tls:
    description:
      - Whether to speak TLS. Without it, the password and all keys cross the network in clear.
      - Taken from the environment variable E(ROUTEROS_TLS) where it is not given.
    type: bool
    default: true
  tls_anonymous:
    description:
      - Whether to speak TLS to a router that has no certificate, by anonymous Diffie-Hellman. It keeps listeners out,
        but not someone who stands between.
      - Taken from the environment variable E(ROUTEROS_TLS_ANONYMOUS) where it is not given.
    type: bool
    default: false
  validate_certs:
    description:
      - Whether the router's certificate must be valid for O(hostname).
      - Taken from the environment variable E(ROUTEROS_VALIDATE_CERTS) where it is not given.
    type: bool
    default: true
  ca_path:
    description:
      - File or folder with the certificates of the authorities that are trusted. When unset, the system's are.
      - Taken from the environment variable E(ROUTEROS_CA_PATH) where it is not given.
    type: path
  timeout:
    description:
      - Number of seconds to wait for the router each time.
      - Taken from the environment variable E(ROUTEROS_TIMEOUT) where it is not given.
    type: int
    default: 30
  encoding:
    description: Encoding of text such as comments.
    type: str
    default: utf-8
requirements:
  - RouterOS 7.1 or newer, with its API enabled
  - librouteros 4 on the machine on which the module runs
notes:
  - The module runs on a machine that reaches the router, usually the controller, with C(delegate_to) or
    C(ansible_connection=local).
  - It logs in once, prints each menu once, and sends its writes without waiting for each.
  - What a release does not know is refused before anything is written.
"""

    PEER: str  # options of one peer
    INTERFACE: str  # options of an interface


ModuleDocFragment.PEER = "options:\n" + _OF_PEER

# Ansible takes all suboptions of an option from the first fragment that has it.
ModuleDocFragment.INTERFACE = (
    r"""
options:
  comment:
    description: Comment of the interface. When unset, it is left alone.
    type: str
  vrf:
    description: VRF of the interface's UDP socket, from RouterOS 7.21 on. When unset, it is left alone.
    type: str
  ignore_unknown_properties:
    description:
      - Whether to leave out those options of peers that this release of RouterOS does not know, such as
        O(peers[].client_address), in place of refusing them. What these options say is for people and their devices,
        and the peers are served without it.
    type: bool
  peers:
    description:
      - Peers of the interface, each identified by its public key.
      - Peers that are not in the list stay, unless O(purge_peers=true).
    type: list
    elements: dict
    suboptions:
"""
    + textwrap.indent(_OF_EVERY_PEER + _OF_PEER, "    ")
    + r"""
notes:
  - O(fwmark) is unknown to RouterOS and refused. A number in O(route_table) other than 254 is the name of a routing
    table of the router, and O(route_metric) is the distance of the routes.
  - "Routes of this collection carry the comment V(wgfleet NAME: route). Others are not touched."
  - Before RouterOS 7.15 peers have no names, and the label of a peer is its comment.
"""
)
