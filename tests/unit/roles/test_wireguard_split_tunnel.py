# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the role wireguard hands a split tunnel on to its module, option by option."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.filter.host_config import host_config

TASKS = Path(__file__).resolve().parents[3] / "roles/wireguard/tasks"
SPLIT = {"mode": "only", "prefixes": ["203.0.113.0/24"]}
NETWORKS = {
    "corp": {
        "pool": ["10.255.255.0/24"],
        "gateways": {"office": {}},
        "members": {"office": {"endpoint": "192.0.2.1"}, "branch": {"nat": True, "gateway": "office", "split": SPLIT}},
    }
}
REGISTRY = {"networks": {"corp": {"members": {"office": {}, "branch": {}}}}}


def tasks_of(platform: str) -> Iterator[dict[str, Any]]:
    for task in yaml.safe_load((TASKS / platform / "networks.yml").read_text(encoding="utf-8")):
        yield from task.get("block", [task])


@pytest.mark.parametrize("platform", ["linux", "routeros"])
def test_the_module_is_told_all_that_a_split_tunnel_is_planned_with(platform: str) -> None:
    (item,) = host_config(NETWORKS, REGISTRY, "branch", platform=platform)
    module = f"wgfleet.wireguard.{platform}_split_tunnel"
    (told,) = [task[module] for task in tasks_of(platform) if "mode" in task.get(module, {})]
    assert told.keys() == item["split_tunnel"].keys() - {"state"}
