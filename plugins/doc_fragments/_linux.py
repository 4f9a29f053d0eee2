# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that only Linux has."""

from __future__ import annotations


class ModuleDocFragment:
    """Where the device is, and what it is made of."""

    DOCUMENTATION = r"""
options:
  netns:
    description:
      - Network namespace in which the interface is, by its name below C(/run/netns).
      - A new interface is made where the module runs and then moved, so that its UDP socket stays there.
      - It comes up again at boot only by another run, since nothing that is kept on the host for its boot is kept for
        an interface in a namespace. A C(persist) other than V(none) and a kill switch are refused beside it.
    type: str
  implementation:
    description:
      - What a new interface is made of. V(auto) takes the kernel where it has WireGuard, else O(userspace_program).
      - An interface that is there stays what it is. A module that makes none has no use for this, and takes it so that
        C(module_defaults) can say it once for all.
    type: str
    choices: [auto, kernel, userspace]
    default: auto
  userspace_program:
    description: Program that makes a WireGuard interface in userspace.
    type: str
    default: wireguard-go
requirements:
  - Linux and root
  - pyroute2 on the machine on which the module runs
notes:
  - The module talks to the kernel by netlink and to a userspace program by its socket. No program is called, but for
    O(userspace_program) itself.
  - Runs that change the same interface wait for each other, for two minutes at most.
  - What Linux itself does not remember, such as the endpoint that was declared for a peer, is kept without secrets
    in C(/var/lib/wgfleet).
"""

    INTERFACE = r"""
options:
  rules:
    description:
      - The complete list of policy rules that belong to this interface. Rules that were made by others are never
        touched.
      - When unset, they are left alone.
    type: list
    elements: dict
    suboptions:
      version:
        description: Version of the Internet Protocol.
        type: int
        choices: [4, 6]
        default: 4
      priority:
        description: Priority of the rule, from 1 to 32765.
        type: int
        required: true
      table:
        description: Routing table that is looked up.
        type: int
        default: 254
      fwmark:
        description: Mark that matches.
        type: str
      invert:
        description: Whether the rule matches what its selectors do not.
        type: bool
        default: false
      source:
        description: Prefix of source addresses that matches.
        type: str
      destination:
        description: Prefix of destination addresses that matches.
        type: str
      suppress_prefixlength:
        description: Routes with a prefix of this length or shorter are ignored.
        type: int
  persist:
    description:
      - What brings the same state up at boot, together with the live change. V(wg_quick) keeps
        C(/etc/wireguard/NAME.conf) and enables its unit, V(networkd) keeps files of systemd-networkd, and V(none) keeps
        nothing.
      - A file of someone else that stands in the way is kept with the ending C(.before-wgfleet).
      - When unset, what was chosen before is kept up to date.
    type: str
    choices: [none, wg_quick, networkd]
  default_route:
    description:
      - Sends the default traffic of the host through the peer that has V(0.0.0.0/0) or V(::/0) in its O(peers).
      - The tunnel's own packets, networks that are connected or routed otherwise, and answers to whom came in by the
        host's own uplink keep their way, so that a connection by which the host is managed is not cut off.
      - Routes, rules and switches are recorded before they are made, and are as before when they are removed.
      - With O(persist=networkd) only the methods V(fwmark) and V(rule) are possible, since systemd-networkd keeps the
        routes of other links.
      - When unset, it is left alone.
    type: dict
    suboptions:
      method:
        description:
          - V(fwmark) is the one to take unless something speaks against it, and works as C(wg-quick) does. The tunnel's
            packets carry a mark, and all that have none look up a table of their own. The host's own default route may
            come, go and change, and the gateway may move.
          - V(rule) has a rule for the address of the gateway in place of the mark. It is for hosts on which other
            software needs the marks. All that goes to that address keeps the old way.
          - V(halves) adds two routes that together are as wide as the default route, and more specific. It is for hosts
            on which other software keeps its own default route or has policy rules that look up the main table.
          - V(replace) takes the default route of the host away and puts it back on removal. It is for hosts with
            software that asks where the default route leads.
          - With V(rule), V(halves) and V(replace), the gateway needs an endpoint, and where that has moved, the next
            run follows it.
          - V(none) removes what there is.
        type: str
        choices: [none, fwmark, rule, halves, replace]
        default: fwmark
      families:
        description:
          - Whose default traffic goes through the tunnel. When unset, that of which a peer has the default prefix.
          - What is not named keeps the way of the host's own uplink, unless O(default_route.kill_switch=true).
        type: list
        elements: str
        choices: [ipv4, ipv6]
      table:
        description: Number of the routing table that is ours alone, and the mark where the interface has none.
        type: int
        default: 51820
      kill_switch:
        description:
          - Whether nothing may leave the host in clear, of IPv4 and IPv6, also while the interface is down or gone.
          - Let through are the tunnel's own packets, answers to whom came in, DHCP and neighbour discovery, and what
            goes to O(default_route.keep). What is refused includes the local network.
          - It needs nftables, and a name server in O(default_route.keep) where the gateway's endpoint is a name.
          - With O(persist) and systemd it is in force at boot before the network is up.
        type: bool
        default: false
      keep:
        description: Prefixes that keep the way of the host's own uplink, in clear.
        type: list
        elements: str
        default: []
"""
