# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter run_notes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_notes
short_description: What a run has not reached
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Compares the registry before and after a run, and tells who is revoked, who has left and whose key is new, each with
    the hosts that do not know it yet, because they were not in the run or have failed in it.
  - Where a pool has changed, it tells how many addresses are new, and which clients need their new files.
positional: before, after, asked, done, revoked
options:
  _input:
    description: The declared networks, usually the variable C(wireguard_networks).
    type: dict
    required: true
  before:
    description: The registry before the run, as RV(wgfleet.wireguard.registry#module:before) of its first call.
    type: dict
    required: true
  after:
    description: The registry after the run.
    type: dict
    required: true
  asked:
    description: The hosts that were to be in the run, usually C(ansible_play_hosts_all).
    type: list
    elements: str
    required: true
  done:
    description: The hosts that have not failed, usually C(ansible_play_hosts).
    type: list
    elements: str
    required: true
  revoked:
    description:
      - Clients that the run was asked to revoke, each as C(corp/bob). They are told, too, where an earlier run has
        revoked them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Pin the addresses of all members
  wgfleet.wireguard.registry:
    path: "{{ inventory_dir }}/wireguard_registry.yml"
    networks: "{{ wireguard_networks }}"
    hosts: "{{ groups['all'] }}"
  register: pinned
  run_once: true

- name: Say what this run has not reached
  ansible.builtin.debug:
    msg: "{{ wireguard_networks
      | wgfleet.wireguard.run_notes(pinned.before, pinned.registry, ansible_play_hosts_all, ansible_play_hosts) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - "Sentences, such as C(corp/bob is revoked, and still let in: hq is not in this run)."
  type: list
  elements: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks import absentees
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import parse_registry
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def run_notes(declaration: Any, before: Any, after: Any, asked: Any, done: Any, revoked: Any = ()) -> list[str]:
    """Tell what a run has not reached."""
    attendance = absentees.Attendance(frozenset(plain(asked)), frozenset(plain(done)))
    registries = parse_registry(plain(before)), parse_registry(plain(after))
    return absentees.run_notes(parse_declaration(plain(declaration)), *registries, attendance, tuple(plain(revoked)))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"run_notes": run_notes}
