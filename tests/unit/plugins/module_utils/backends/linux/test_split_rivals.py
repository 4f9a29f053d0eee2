# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several split tunnels on a host: which of them need a table and a mark of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import job as split_job
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import kernel, rivals
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import tunnel as split_tunnel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.tunnel import LinuxSplitTunnel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    DEFAULT_MARK,
    SplitTunnel,
    read_split_tunnel,
)

ROUTES: dict[str, Any] = {"prefixes": ["192.0.2.0/24"]}
NAMES: dict[str, Any] = {"dns": [{"servers": ["10.0.0.1"], "domains": ["corp.example"]}]}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the records of the host in a directory of the test."""
    for module in (split_job, rivals, split_tunnel):
        monkeypatch.setattr(module, "DIRECTORY", str(tmp_path))
    return tmp_path


def beside(place: Path, other: dict[str, Any], own: dict[str, Any]) -> SplitTunnel:
    """Give the split tunnel that is wanted through wg0 on a host that has the other one on wg1."""
    job = split_job.Job(read_split_tunnel({"interface": "wg1", **other}), ("ipv4",), 51821, 0, None, "")
    (place / "wg1.json").write_text(split_job.render_job(job), encoding="utf-8")
    return read_split_tunnel({"interface": "wg0", **own})


@pytest.mark.parametrize(
    ("other", "own", "places"),
    [
        (ROUTES, ROUTES, ["table", "mark"]),
        (ROUTES, {**ROUTES, "table": 7}, ["mark"]),
        (ROUTES, {**ROUTES, "table": 7, "mark": "0x58000000"}, []),
        (ROUTES, NAMES, []),
        (NAMES, ROUTES, []),
        (NAMES, NAMES, []),
    ],
)
def test_only_what_routes_needs_a_table_and_a_mark_of_its_own(
    place: Path, other: dict[str, Any], own: dict[str, Any], places: list[str]
) -> None:
    assert [problem.place for problem in rivals.shared_claims(beside(place, other, own))] == places


@pytest.mark.parametrize(("other", "marks"), [(ROUTES, set()), (NAMES, {DEFAULT_MARK})])
def test_rules_are_ours_by_the_mark_unless_another_one_routes_by_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], marks: set[int]
) -> None:
    asked: list[set[int]] = []
    monkeypatch.setattr(kernel, "observed_rules", lambda some: asked.append(some) or [])
    monkeypatch.setattr(kernel, "observed_routes", lambda _name, _tables: [])
    monkeypatch.setattr(kernel, "loaded_table", lambda _name: "")
    monkeypatch.setattr(split_tunnel, "is_active", lambda _unit: False)
    LinuxSplitTunnel(beside(place, other, ROUTES), check_mode=False).read()
    assert asked == [marks]
