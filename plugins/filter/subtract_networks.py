# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter subtract_networks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: subtract_networks
short_description: Prefixes without some other prefixes
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Gives the fewest prefixes that hold exactly those addresses of the first list that are not in the second.
  - Useful for an option C(allowed_ips) that means "everything but".
positional: removed
options:
  _input:
    description: Prefixes, IPv4 and IPv6.
    type: list
    elements: str
    required: true
  removed:
    description: Prefixes to take away.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what the internet is without private networks
  ansible.builtin.debug:
    msg: "{{ ['0.0.0.0/0'] | wgfleet.wireguard.subtract_networks(['10.0.0.0/8', '192.168.0.0/16']) }}"
"""

RETURN = r"""
_value:
  description: The prefixes, sorted, IPv4 first.
  type: list
  elements: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import Fields, text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import subtract
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def subtract_networks(networks: Any, removed: Any) -> list[str]:
    """Take the second prefixes out of the first."""
    problems: list[Problem] = []
    fields = Fields({"networks": plain(networks), "removed": plain(removed)}, "", problems)
    kept, gaps = (list(fields.many(key, _prefix)) for key in ("networks", "removed"))
    if problems:
        raise InvalidInput(problems)
    return [str(prefix) for prefix in subtract(kept, gaps)]


def _prefix(value: Any) -> Prefix:
    return parse_prefix(text(value))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"subtract_networks": subtract_networks}
