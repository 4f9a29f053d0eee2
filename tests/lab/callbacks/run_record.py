# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that notes each task result and the recap as lines of JSON in the file ``WGFLEET_RUN_RECORD``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_record
type: notification
short_description: Note the results of a run as JSON lines
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - For the tests of this collection.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Append to the record as the run goes on, so that a run that dies leaves what it did."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "run_record"

    def _note(self, entry: dict[str, Any]) -> None:
        with open(os.environ["WGFLEET_RUN_RECORD"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, default=str) + "\n")

    def _note_result(self, status: str, result: Any) -> None:
        self._note(
            {
                "host": result.host.get_name(),
                "task": result.task.get_name(),
                "action": result.task.action,
                "status": status,
                "result": result.result,
            }
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note_result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._note_result("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._note_result("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._note_result("skipped", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._note({"recap": {host: stats.summarize(host) for host in stats.processed}})
