# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of split tunnels, on every kind of device."""

from __future__ import annotations


class ModuleDocFragment:
    """Which addresses go through the tunnel, and which names are asked for behind it."""

    DOCUMENTATION = r"""
options:
  interface:
    description: Name of the interface, which must exist.
    type: str
    required: true
  state:
    description: With V(absent), everything of the split tunnel is removed.
    type: str
    choices: [present, absent]
    default: present
  mode:
    description: Whether V(only) the prefixes go through the tunnel, or everything V(except) them.
    type: str
    choices: [only, except]
    default: only
  prefixes:
    description: Prefixes of both IP versions.
    type: list
    elements: str
    default: []
  files:
    description:
      - Absolute paths of lists, on the machine on which the module runs. A line holds a prefix, an address or a range
        C(FIRST - LAST), and what follows C(#) or C(;) is a comment.
    type: list
    elements: path
    default: []
  rir:
    description: Countries, out of files of delegated statistics, as the registries of addresses publish them.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description:
          - Absolute path on the machine on which the module runs, or an C(http) or C(https) URL, which is fetched from
            there. It may be packed by gzip.
        type: str
        required: true
      countries:
        description: Codes of countries (ISO 3166, two letters).
        type: list
        elements: str
        required: true
      families:
        description: Versions of the Internet Protocol whose prefixes are taken.
        type: list
        elements: str
        choices: [ipv4, ipv6]
        default: [ipv4, ipv6]
  families:
    description:
      - Versions of the Internet Protocol that are split. When unset, those of which the interface has an address.
    type: list
    elements: str
    choices: [ipv4, ipv6]
  refresh:
    description:
      - When a Linux host fetches O(files) and O(rir) anew by itself, V(never), V(daily), V(weekly) or another calendar
        event of systemd. A router does so at each run of the module only.
    type: str
    default: daily
  shrink_limit:
    description:
      - Percentage of its addresses, of either IP version, by which what is fetched may shrink at once. If it shrinks by
        more, or if a source cannot be had, the earlier set is kept, and a warning says so.
    type: int
    default: 20
  dns:
    description: Servers that are asked for the names of some domains.
    type: list
    elements: dict
    default: []
    suboptions:
      servers:
        description: Addresses of the servers.
        type: list
        elements: str
        required: true
      domains:
        description: Domains with all that is below them. Without any, the servers are asked for every name.
        type: list
        elements: str
        default: []
"""
