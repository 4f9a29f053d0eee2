# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter link_table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: link_table
short_description: One table of all declared links
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Compares the declared links with what the hosts report, once for each end that is a host of ours.
  - A link is V(up) if the interfaces of both ends are up and the last handshake is not older than 185 seconds. It is
    V(idle) if it is older and nobody sends keepalives on it, V(unreachable) if the host was not asked, else V(down).
positional: registry, infos, now
options:
  _input:
    description: The declared networks, usually the variable C(wireguard_networks).
    type: dict
    required: true
  registry:
    description: The registry, as the module M(wgfleet.wireguard.registry) returns it.
    type: dict
    required: true
  infos:
    description:
      - What M(wgfleet.wireguard.linux_info) returned, by host.
      - Hosts that are not in it were not reached.
    type: dict
    required: true
  now:
    description: The time in seconds since 1970.
    type: float
    required: true
"""

EXAMPLES = r"""
- name: Print the links of the fleet
  ansible.builtin.debug:
    msg: "{{ (wireguard_networks | wgfleet.wireguard.link_table(registry, infos, now().timestamp())).text }}"
"""

RETURN = r"""
_value:
  description: The links, as data and as text.
  type: dict
  contains:
    rows:
      description:
        - One entry for each link and end, with C(network), C(host), C(peer), C(state), C(handshake_age) in seconds,
          C(rx_bytes), C(tx_bytes) and C(endpoint), the one in use.
      type: list
      elements: dict
    text:
      description: A table for a terminal of 80 columns.
      type: str
    all_up:
      description: Whether all links are V(up).
      type: bool
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.declaration_reader import parse_declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.link_status import UP, link_states, render_links
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._core_filter import plain, reporting


@reporting
def link_table(declaration: Any, registry: Any, infos: Any, now: float) -> dict[str, Any]:
    """Judge all links and draw them."""
    asked = {host: info for host, info in plain(infos).items() if info and not info.get("unreachable")}
    reports = {host: _interfaces(info, float(now)) for host, info in asked.items()}
    links = link_states(parse_declaration(plain(declaration)), parse_registry(plain(registry)), reports, float(now))
    return {
        "rows": [link._asdict() for link in links],
        "text": render_links(links),
        "all_up": all(link.state == UP for link in links),
    }


def _interfaces(info: dict[str, Any], now: float) -> dict[str, Any]:
    """Give a host's interfaces by name, with the times of handshakes by the controller's clock."""
    ahead = info.get("now", now) - now
    interfaces = info.get("interfaces") or []
    for peer in (peer for interface in interfaces for peer in interface.get("peers") or []):
        if peer.get("last_handshake"):
            peer["last_handshake"] -= ahead
    return {interface["name"]: interface for interface in interfaces}


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"link_table": link_table}
