# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module print_text, and all there is of it: the terminal is the controller's."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

# Those that draw what they say on a terminal as it comes. Others may be writing a document, of which a line of ours
# would be no part.
TERMINALS = frozenset(["default", "ansible.builtin.default", "awx_display"])


class ActionModule(ActionBase):
    """Print lines between those of the callback that is in charge of the terminal, or have it print them."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print the text and give its lines."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec({"text": {"type": "str", "required": True}})
        lines = arguments["text"].splitlines()
        if constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK") in TERMINALS:
            Display().display("\n".join(lines))
        else:
            result["_ansible_verbose_always"] = True  # as for ansible.builtin.debug
        return {**result, "changed": False, "msg": lines}
