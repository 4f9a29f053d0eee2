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
    V(idle) if it is older, nobody sends keepalives on it and no probe was sent that nobody has answered. It is
    V(unreachable) if the host was not reached, V(not asked) if it is none of O(hosts), else V(down).
  - A peer of whom the registry knows that it has left or is revoked is V(still let in). Whether all links are up does
    not depend on it.
  - A client has a link on each of its servers. It need not be on line, so that its link is V(idle) when it is silent,
    whether or not it was probed.
positional: registry, infos, now, hosts, brought
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
      - Hosts that are not in it were not reached, or not asked.
    type: dict
    required: true
  now:
    description: The time in seconds since 1970.
    type: float
    required: true
  hosts:
    description:
      - The hosts of the run, usually C(ansible_play_hosts_all). What is not among them is not judged.
      - Without it, all hosts were asked.
    type: list
    elements: str
  brought:
    description:
      - What M(wgfleet.wireguard.linux_interface) returned for each interface, by host, as the result of a loop. Where
        it has waited for new peers, RV(_value.news) tells what came of them.
    type: dict
"""

EXAMPLES = r"""
- name: Read the interfaces of each host
  wgfleet.wireguard.linux_info:
    probe_timeout: 5
  register: seen

- name: Print the links of the fleet
  ansible.builtin.debug:
    msg: "{{ (wireguard_networks | wgfleet.wireguard.link_table(registry, infos, now().timestamp())).text }}"
  vars:
    registry: "{{ lookup('ansible.builtin.file', inventory_dir ~ '/wireguard_registry.yml') | from_yaml }}"
    infos: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'seen'))) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The links, as data and as text.
  type: dict
  contains:
    rows:
      description:
        - One entry for each link and end, with C(network), C(host), C(peer), C(state), C(handshake_age) in seconds,
          C(rx_bytes), C(tx_bytes), C(endpoint), the one in use, and C(of_client).
      type: list
      elements: dict
    text:
      description: A table for a terminal of 80 columns.
      type: str
    all_up:
      description: Whether all links that were asked about are V(up). Clients may be V(idle).
      type: bool
    causes:
      description:
        - What can be told of the links between members that are not up, by the counters of both ends, and of clocks
          that differ from the controller's by more than a minute. Sentences.
      type: list
      elements: str
    left_behind:
      description:
        - Members that have left and that no run has had since, so that they keep what they had, and those who have left
          or are revoked and are let in still. Sentences.
      type: list
      elements: str
    news:
      description:
        - "A line for each link that was probed, such as C(office1 -- office2: up after 0.4 s). Where there is more than
          one, a last line counts those that are up."
      type: list
      elements: str
    silent:
      description: Number of links that were probed and are silent.
      type: int
"""

import datetime
from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.absentees import left_behind
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_causes import link_causes
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_news import link_news
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import (
    Findings,
    all_well,
    link_states,
    render_links,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import parse_day
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def link_table(
    declaration: Any, registry: Any, infos: Any, now: float, hosts: Any = None, brought: Any = None
) -> dict[str, Any]:
    """Judge all links and draw them."""
    answers = {host: info for host, info in plain(infos).items() if info and not info.get("unreachable")}
    made = {host: (result or {}).get("results") or [] for host, result in plain(brought or {}).items()}
    findings = Findings(
        reports={host: _interfaces(info, float(now)) for host, info in answers.items()},
        now=float(now),
        asked=None if hosts is None else frozenset(plain(hosts)),
        today=parse_day(datetime.datetime.fromtimestamp(float(now)).date().isoformat()),
        clocks={
            host: result["clock_offset"]
            for host, results in (*made.items(), *((host, [info]) for host, info in answers.items()))
            for result in results
            if "clock_offset" in result
        },
        obstacles={host: info["obstacle"] for host, info in answers.items() if info.get("obstacle")},
        probes=_probes(made),
    )
    declared, pinned = parse_declaration(plain(declaration)), parse_registry(plain(registry))
    links, news = link_states(declared, pinned, findings), link_news(declared, pinned, findings)
    return {
        "rows": [link._asdict() for link in links],
        "text": render_links(links),
        "all_up": all_well(links),
        "causes": link_causes(declared, pinned, findings, links),
        "left_behind": left_behind(pinned, links),
        "news": news.lines,
        "silent": news.silent,
    }


def _probes(made: dict[str, list[dict[str, Any]]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Give what came of new peers, by host and interface, then by public key."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for host, results in made.items():
        for probe in (probe for result in results for probe in result.get("probes", ())):
            found.setdefault((host, probe["interface"]), {})[probe["public_key"]] = {"probe": probe}
    return found


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
