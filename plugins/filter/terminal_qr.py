# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter terminal_qr."""

from __future__ import annotations

DOCUMENTATION = r"""
name: terminal_qr
short_description: A QR code for the terminal
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Draws a QR code of a text with block characters, such as that of a client's file that
    M(wgfleet.wireguard.client_config) has written.
  - The drawing of a client's file B(holds its private key), as the file does. Whatever shows it, shows the key, and
    what logs the task, logs the key. So no module returns it, and it is drawn only for those who ask for it.
options:
  _input:
    description: The text.
    type: str
    required: true
notes:
  - The light modules are drawn, for a terminal with a dark background. Most cameras read the inverse, too.
requirements:
  - segno on the controller
seealso:
  - module: wgfleet.wireguard.client_config
"""

EXAMPLES = r"""
- name: Show the QR code of a phone, for a camera
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', file) | wgfleet.wireguard.terminal_qr }}"
  vars:
    file: "{{ inventory_dir }}/wireguard_clients/corp/alice-phone/alice-phone.conf"
"""

RETURN = r"""
_value:
  description: Lines of block characters.
  type: list
  elements: str
"""

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._qr_code import code, terminal_lines
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain, reporting


@reporting
def terminal_qr(text: Any) -> list[str]:
    """Draw a text."""
    content = plain(text)
    if not isinstance(content, str):
        raise InvalidValue("what is to be drawn must be text")
    # Lookups of files take the last line end away; the drawing is to be that of the file.
    return terminal_lines(code(SecretText((content.rstrip("\n") + "\n").encode("utf-8"))))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filter by its name."""
        return {"terminal_qr": terminal_qr}
