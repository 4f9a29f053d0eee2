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
    type: str
  implementation:
    description:
      - What a new interface is made of. V(auto) takes the kernel where it has WireGuard, else O(userspace_program).
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
"""
