#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module routeros_split_tunnel."""

from __future__ import annotations

DOCUMENTATION = r"""
module: routeros_split_tunnel
short_description: Send a part of all addresses through a tunnel of a router
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Sends what leads to a set of prefixes, or to all but a set, through a WireGuard interface of a MikroTik router, from
    the router and from those for which it forwards. The rest keeps its way.
  - The set is an address list of each IP version. Mangle marks connections by their first packet, and routes the
    packets of marked ones by a routing table of their own. Answers go back the way on which the question came, and a
    route for something narrower than everything, such as that of a connected network, keeps its way.
  - Table, lists, chain and mark are called C(wgfleet-NAME). All rows but those of the lists carry a comment that begins
    with C(wgfleet split NAME) and a colon. Others are never touched.
  - Where the filter fasttracks, connections with the mark are accepted before that rule, since packets that are
    fasttracked skip mangle.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
  - wgfleet.wireguard._split_tunnel
  - wgfleet.wireguard._routeros
notes:
  - The peer through which the addresses are reached needs them among its
    O(wgfleet.wireguard.routeros_interface#module:peers[].allowed_ips), for instance C(0.0.0.0/0).
  - A router forwards the names of a domain to one server.
  - A router looks at the records of C(/ip/dns/static) that are regular expressions first. One of someone else's that
    matches takes its names away from O(dns[].domains), and while there are O(dns[].servers) for every name, no other
    record of a name is looked at.
seealso:
  - module: wgfleet.wireguard.linux_split_tunnel
  - module: wgfleet.wireguard.routeros_interface
"""

EXAMPLES = r"""
- name: Send all but one country through the tunnel, and ask the server behind it for a domain
  wgfleet.wireguard.routeros_split_tunnel:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    interface: wg0
    mode: except
    rir:
      - source: /srv/delegated-apnic-latest # or its URL
        countries: [NZ]
    dns:
      - servers: [10.1.101.53]
        domains: [corp.example]

- name: Leave the router as it was
  wgfleet.wireguard.routeros_split_tunnel:
    hostname: 192.168.88.1
    username: ansible
    password: "{{ vault_routeros_password }}"
    interface: wg0
    state: absent
"""

RETURN = r"""
writes:
  description: Number of writes to the router. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 912
steps:
  description: What was done, or would be done in check mode, in its order.
  type: list
  elements: dict
  returned: success
  sample:
    - {"do": "put_entries", "name": "wgfleet-wg0", "count": 894}
    - {"do": "put_table", "name": "0 table"}
"""

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.split.tunnel import (
    open_split_tunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import ROUTEROS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.split_runner import (
    SPLIT_TUNNEL,
    run_split_tunnel,
)


def main() -> None:
    """Run the module."""
    run_split_tunnel(SPLIT_TUNNEL + ROUTEROS, open_split_tunnel)


if __name__ == "__main__":
    main()
