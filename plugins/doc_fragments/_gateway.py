# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a gateway."""

from __future__ import annotations

# Without the line of its own that names them, so that they can be suboptions elsewhere.
OPTIONS = r"""  forwarding:
    description:
      - The complete list of families that are to be forwarded.
      - A router forwards both as it comes from its maker. Here it is made sure that nobody has turned that off.
    type: list
    elements: str
    choices: [ipv4, ipv6]
    default: []
  listen_ports:
    description: The complete list of UDP ports of the host that everyone may send to, such as those of its tunnels.
    type: list
    elements: int
    default: []
  forward_pairs:
    description: The complete list of pairs of prefixes between which packets are let through, both ways.
    type: list
    elements: dict
    default: []
    suboptions:
      local:
        description: Prefix behind this host.
        type: str
        required: true
      remote:
        description: Prefix behind the tunnel.
        type: str
        required: true
      interface:
        description:
          - The tunnel. Packets from or to O(forward_pairs[].remote) are let through only there.
          - When unset, any interface will do, which lets in forged packets.
        type: str
  list_members:
    description:
      - The complete list of interfaces that are put into the firewall's lists of interfaces, such as a tunnel into the
        list C(LAN) of a router. Both must exist.
    type: list
    elements: dict
    default: []
    suboptions:
      list:
        description: Name of the list.
        type: str
        required: true
      interface:
        description: Name of the interface.
        type: str
        required: true
  accept_from:
    description: The complete list of those who may send anything to the host itself, out of a tunnel.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Prefix of the senders.
        type: str
        required: true
      interface:
        description: The tunnel.
        type: str
        required: true
  outbound:
    description:
      - The complete list of those who are let out of a tunnel to anywhere else, such as the internet.
      - What they send is let through, and what comes back to them of connections that they have made.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Prefix of the senders.
        type: str
        required: true
      interface:
        description: The tunnel that they come from.
        type: str
        required: true
      out_interface:
        description:
          - The interface through which they are let out.
          - With V(auto), it is the one of the default route for the IP version of O(outbound[].source).
        type: str
        default: auto
      translation:
        description:
          - What becomes of their addresses. With V(masquerade), they take the address of O(outbound[].out_interface).
          - An address takes the place of theirs. It must be one that comes back to this host.
          - With V(none), they stay, because the prefix is routed to this host. What other rules of the host translate
            is translated all the same.
        type: str
        default: masquerade
  clamp_mss:
    description:
      - The complete list of tunnels on which TCP connections that are forwarded are kept to segments that fit the path
        (TCP MSS), for paths on which the messages that would tell so are lost.
    type: list
    elements: str
    default: []
  proxy_arp:
    description:
      - The complete list of interfaces towards a LAN on which the host answers ARP for addresses that it reaches
        through a tunnel, so that tunnel addresses out of the LAN's own prefix work.
    type: list
    elements: str
    default: []
  proxy_ndp:
    description:
      - The complete list of IPv6 addresses for which the host answers neighbour solicitations on a LAN.
      - RouterOS knows nothing of that kind and refuses it.
    type: list
    elements: dict
    default: []
    suboptions:
      interface:
        description: The interface towards the LAN.
        type: str
        required: true
      address:
        description: The address.
        type: str
        required: true
  serve_dns:
    description:
      - The complete list of those who may ask the host's DNS server, UDP and TCP port 53, out of a tunnel.
      - A router is also told to answer questions that it has not asked itself, which it does no longer once the last
        who needs it has gone, if it did not before.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Prefix of those who ask.
        type: str
        required: true
      interface:
        description: The tunnel.
        type: str
        required: true
  firewall:
    description:
      - Who is told. With V(auto), another firewall that rules the host is told too, because what is accepted here can
        still be dropped there. With V(own), it is left alone.
      - A router has one firewall only.
    type: str
    choices: [auto, own]
    default: auto
"""


class ModuleDocFragment:
    """Options of a gateway."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Who needs it, for instance a role or a network. It keeps several apart on one host.
      - It may have letters, digits and C(_.-).
    type: str
    required: true
  state:
    description: With V(absent), nothing is needed any longer under this name.
    type: str
    choices: [present, absent]
    default: present
"""


# Not in the class: tools that look for documentation there read plain texts only.
ModuleDocFragment.DOCUMENTATION += OPTIONS
