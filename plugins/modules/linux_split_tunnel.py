#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module linux_split_tunnel."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_split_tunnel
short_description: Send a part of all addresses through a tunnel of a Linux host
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Sends what leads to a set of prefixes, or to all but a set, through a WireGuard interface, from this host and from
    those for which it forwards. The rest keeps its way.
  - The set is one set of nftables, in a table of its own, that is replaced in one transaction. Connections that begin
    here get a mark, and marked packets look into a routing table of their own. Answers go back the way on which the
    question came, and a route for something narrower than everything, such as that of a connected network, keeps its
    way.
  - A packet of this host that goes through the tunnel gets the tunnel's address as its source. What the host forwards
    keeps its own.
  - Everything is there again after a boot, and whenever the interface appears anew, by units of systemd.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._split_tunnel
options:
  table:
    description: Number of the routing table. Each split tunnel of a host needs one of its own.
    type: str
    default: "51821"
  mark:
    description:
      - Mark of the packets, within the mask C(0xff000000); the other bits of a packet's mark are left alone. Each split
        tunnel of a host needs one of its own.
    type: str
    default: "0x57000000"
requirements:
  - Linux and root
  - nft and ip (iproute2) on the host
  - pyroute2 on the machine on which the module runs
  - systemd, for what happens at boot and for O(refresh); on a host without it, a warning says what to run instead
  - For O(dns), systemd-resolved, dnsmasq or openresolv, whichever resolves names on the host. systemd-resolved must be
    asked by all programs, through its stub or through C(resolve) in C(/etc/nsswitch.conf). The package C(resolvconf) of
    Debian cannot be told what is needed, and is refused.
notes:
  - The peer through which the addresses are reached needs them among its
    O(wgfleet.wireguard.linux_interface#module:peers[].allowed_ips), for instance C(0.0.0.0/0).
  - The job, the set and the table are kept in C(/var/lib/wgfleet/split), and the program that serves it without Ansible
    in C(/usr/local/lib/wgfleet/split_tunnel.pyz).
  - Where the host drops packets whose sender it would not answer on the same interface (C(rp_filter) is 1), this is
    loosened for the tunnel, since what is marked is not known to that check.
  - A refresh, the service at boot and a run of this module wait for each other, by a lock on
    C(/run/wgfleet-split-INTERFACE.lock), for two minutes at most. A refresh that was under way changes nothing where a
    run has named other sources, or removed the tunnel, meanwhile.
seealso:
  - module: wgfleet.wireguard.linux_interface
  - module: wgfleet.wireguard.routeros_split_tunnel
"""

EXAMPLES = r"""
- name: Send two networks through the tunnel
  wgfleet.wireguard.linux_split_tunnel:
    interface: wg0
    prefixes: [198.51.100.0/24, 2001:db8:100::/48]

- name: Send all but one country through the tunnel, by statistics that something else keeps up to date
  wgfleet.wireguard.linux_split_tunnel:
    interface: wg0
    mode: except
    rir:
      - source: /srv/delegated-apnic-latest
        countries: [NZ]
    refresh: weekly

- name: Leave the host as it was
  wgfleet.wireguard.linux_split_tunnel:
    interface: wg0
    state: absent
"""

RETURN = r"""
writes:
  description: Number of writes to the system. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 9
steps:
  description: What was done, or would be done in check mode, in its order.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "put_route", "name": "-4 default dev wg0 table 51821"}
    - {"do": "put_table", "name": "wg0", "lines": 29310}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.tunnel import (
    open_split_tunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.split_runner import (
    LINUX_SPLIT_TUNNEL,
    SPLIT_TUNNEL,
    run_split_tunnel,
)


def main() -> None:
    """Run the module."""
    run_split_tunnel(SPLIT_TUNNEL + LINUX_SPLIT_TUNNEL, open_split_tunnel)


if __name__ == "__main__":
    main()
