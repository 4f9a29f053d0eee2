# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that route a part of the addresses through a tunnel, and ask servers behind it for a part of the names.

Rules of this file: the flow is that of `converge`: read, plan, (check mode stops,) apply, read back.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Splitter
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import plan_parts
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    SplitTunnel,
    read_split_tunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    DEFAULT_REFRESH,
    DEFAULT_SHRINK_LIMIT,
    ONLY,
    SPLIT_MODES,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import Arguments
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import run

OpenSplitter = Callable[[SplitTunnel, Mapping[str, Any], bool], Splitter]


def run_split_tunnel(arguments: Arguments, open_splitter: OpenSplitter) -> None:
    """Run a module that splits."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        wanted = read_split_tunnel(module.params)
        with contextlib.closing(open_splitter(wanted, module.params, module.check_mode)) as splitter:
            desired = splitter.desire()
            steps = plan_parts(splitter.read(), desired, splitter.kinds)
            writes = 0
            if steps and not module.check_mode:
                writes = splitter.apply(steps)
                rest = plan_parts(splitter.read(), desired, splitter.kinds)
                if rest:
                    names = ", ".join(sorted({f"{step.key.kind} {step.key.name}" for step in rest})[:5])
                    raise DeviceError(f"everything was accepted and yet differs from what was asked for: {names}")
            words = splitter.words(steps)
        for warning in splitter.warnings:
            module.warn(warning)
        return {
            "changed": bool(steps),
            "writes": writes,
            "steps": words,
            "diff": {"before": "", "after": "".join(f"{_line(each)}\n" for each in words)},
        }

    run(arguments, work)


def _line(words: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in words.values())


SPLIT_TUNNEL = Arguments(
    {
        "interface": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "mode": {"type": "str", "choices": list(SPLIT_MODES), "default": ONLY},
        "prefixes": {"type": "list", "elements": "str", "default": []},
        "files": {"type": "list", "elements": "path", "default": []},
        "rir": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "source": {"type": "str", "required": True},
                "countries": {"type": "list", "elements": "str", "required": True},
                "families": {
                    "type": "list",
                    "elements": "str",
                    "choices": list(FAMILIES),
                    "default": list(FAMILIES),
                },
            },
        },
        "families": {"type": "list", "elements": "str", "choices": list(FAMILIES)},
        "refresh": {"type": "str", "default": DEFAULT_REFRESH},
        "shrink_limit": {"type": "int", "default": DEFAULT_SHRINK_LIMIT},
        "dns": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "servers": {"type": "list", "elements": "str", "required": True},
                "domains": {"type": "list", "elements": "str", "default": []},
            },
        },
    }
)
LINUX_SPLIT_TUNNEL = Arguments(
    {
        "table": {"type": "str", "default": "51821"},
        "mark": {"type": "str", "default": "0x57000000"},
    }
)
