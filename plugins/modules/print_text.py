#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of print_text, which is an action and runs on the controller only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: print_text
short_description: Print text on the terminal as it stands
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Prints lines without quotes, indentation and escapes, so that a table keeps its 80 columns, and a configuration or a
    JSON document can be copied or cut out.
  - M(ansible.builtin.debug) prints the same as a list of quoted strings.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.gathers
options:
  text:
    description: The text. What it holds is seen by all who see the output of the run.
    type: str
    required: true
notes:
  - This is an action and runs on the controller, whatever the host.
  - Where the callback in charge of the output is not the usual one, it is left to it to show the lines.
"""

EXAMPLES = r"""
- name: Show what is declared
  wgfleet.wireguard.print_text:
    text: "{{ wireguard_networks | to_nice_json }}"
"""

RETURN = r"""
msg:
  description: The lines.
  type: list
  elements: str
  returned: success
"""
