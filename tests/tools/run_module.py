# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module in this process, as Ansible's wrapper does on a host: arguments from outside, the result to the output.

run_module.py ansible_collections.NAMESPACE.NAME.plugins.modules.MODULE <ARGUMENTS.json
"""

from __future__ import annotations

import runpy
import sys

from ansible.module_utils import basic

if __name__ == "__main__":
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), "legacy"
    runpy.run_module(sys.argv[1], run_name="__main__")
