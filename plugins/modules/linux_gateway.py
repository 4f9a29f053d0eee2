#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module linux_gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_gateway
short_description: Make a Linux host the gateway of its tunnels
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Turns on forwarding, now and at boot, for whoever needs it on this host.
  - A switch that was on before is left on for ever. One that was turned on here is turned off again when the last who
    needs it has gone, unless a file of someone else turns it on at boot.
  - Where the host has an IPv6 route from router advertisements, it is made to go on listening to them, which a host
    that forwards otherwise does not.
  - Keeps what is let through, translated and clamped in one nftables table for each O(name), which is written as a
    whole in one transaction, and loaded at boot.
  - Because what one table accepts can still be dropped by another, other firewalls that rule the host are told too,
    unless O(firewall=own). They are firewalld (by policies of its own), ufw (by its command), the filter table of
    iptables in both of its variants, and any other filter chain of nftables at input and forward. Rules in chains of
    others bear the comment C(wgfleet NAME), stand before the first rule that could drop the packets, and are there only
    where something would drop them.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._gateway
requirements:
  - Linux and root
  - C(nft) with JSON support, for anything but O(forwarding) and O(proxy_arp)
  - pyroute2, where O(outbound[].out_interface=auto)
notes:
  - O(list_members) must be empty. Linux has no lists of interfaces.
  - The nftables table C(inet wgfleet_gateway_NAME) is loaded by C(/etc/wgfleet/gateway-NAME.sh). Where there is
    systemd, the unit C(wgfleet-gateway-NAME.service) runs that script at boot, and again when C(nftables),
    C(netfilter-persistent), C(iptables) or C(ip6tables) is started, restarted or reloaded, since that takes away what
    it has not loaded itself. Elsewhere, let the host's own init system run the script. It can run at any time.
  - firewalld is told with zones in place of interfaces. An interface from which something is let in, and which is in no
    zone, is put into a zone of its own, C(wgf-) and a number, which lets through what the default zone does, and goes
    with the last who needs it. One that is in a zone stays there, and then the whole zone is let in. One to which
    something is only let out, and which is in no zone, counts as any.
  - A change makes firewalld reload, which ends what was set in it without C(--permanent). Where that would lose
    anything, nothing is written, and the error names it. C(firewall-cmd --runtime-to-permanent) keeps it. Interfaces
    that NetworkManager, Docker or libvirt have put into a zone do not count, since these do so again.
  - What is needed at boot is kept in C(/etc/sysctl.d/60-wgfleet-NAME.conf), and what was off before in
    C(/var/lib/wgfleet/forwarding.json).
  - A file of someone else that turns the same off at boot, after ours, is named in a warning.
"""

EXAMPLES = r"""
- name: Forward between the LAN and the tunnel
  wgfleet.wireguard.linux_gateway:
    name: corp
    forwarding: [ipv4, ipv6]

- name: Let clients out to the internet with the address of this host
  wgfleet.wireguard.linux_gateway:
    name: wg0
    forwarding: [ipv4, ipv6]
    listen_ports: [51820]
    outbound:
      - {source: 10.255.255.0/24, interface: wg0}
      - {source: "fd66::/64", interface: wg0, out_interface: wan}
    clamp_mss: [wg0]

- name: Leave the host as it was
  wgfleet.wireguard.linux_gateway:
    name: corp
    state: absent
"""

RETURN = r"""
writes:
  description: Number of write calls to the system. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 3
steps:
  description: What was done, or would be done in check mode, in its order.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "record_switches", "switches": ["net.ipv4.ip_forward"]}
    - {"do": "keep_switches", "user": "corp", "switches": ["net.ipv4.ip_forward"]}
    - {"do": "set_switch", "switch": "net.ipv4.ip_forward", "value": 1}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.gateway import open_gateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import GATEWAY
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_runner import run_gateway


def main() -> None:
    """Run the module."""
    run_gateway(GATEWAY, open_gateway)


if __name__ == "__main__":
    main()
