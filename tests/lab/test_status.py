# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What status prints, as it stands on a terminal: a table for people, a document for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, star_fleet, with_networks

LONG = "office-of-the-north-with-a-long-name.example.com"
PATIENCE = 20  # seconds
FIELDS = {
    "network", "host", "peer", "state", "handshake_age", "rx_bytes", "tx_bytes", "endpoint", "of_client",
}  # fmt: skip


@pytest.fixture(scope="module")
def fleet(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    built = star_fleet(module_lab, tmp_path_factory.mktemp("status"), "one", "two")
    # A partner that never answers, under a name that no terminal is wide enough for.
    partner = {"external": True, "endpoint": "198.51.2.1:51999", "public_key": "A" * 42 + "E="}
    built.members()[LONG] = partner
    built.variables["wireguard_probe_timeout"] = 1
    built.run()
    return built


def shown(output: str) -> list[str]:
    """What status itself prints: from the first network on, until Ansible goes on with the next task."""
    return output[output.index("network corp\n") :].partition("\nTASK [")[0].splitlines()


def links(output: str) -> list[dict[str, str]]:
    """The rows of the table, by the words at their beginning."""
    rows = [line.split() for line in shown(output) if line.startswith(("one ", "two "))]
    return [{"host": row[0], "peer": row[1], "state": row[2]} for row in rows]


def document(output: str) -> Any:
    """What a machine cuts out: from the line that opens the document to the one that closes it."""
    (found,) = re.findall(r"^\{\n.*?^\}\n", output, re.DOTALL | re.MULTILINE)
    return json.loads(found)


def test_the_table_stands_on_the_terminal_without_quotes(fleet: Fleet) -> None:
    run = fleet.run(play="status", code=2)
    lines = run.output.splitlines()
    start = lines.index("network corp")
    table = lines[start : lines.index("4 ends of links: 2 up, 2 down")]
    assert table[1].split() == ["HOST", "PEER", "STATE", "SEEN", "RX", "TX", "ENDPOINT"]
    assert [line.split()[0] for line in table[2:-1]] == ["one", "one", "two", "two"]
    assert [line for line in table if "office-of-the-north-" in line and "…" in line]


def test_everything_that_status_prints_stands_in_80_columns(fleet: Fleet) -> None:
    lines = shown(fleet.run(play="status", code=2).output)
    (count,) = [place for place, line in enumerate(lines) if "ends of links" in line]
    assert [line for line in lines[count + 1 :] if line], "below the table, nothing is said of the silent links"
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("name", ["output", "wireguard_output"])
def test_a_machine_gets_one_document_and_the_same_exit_code(fleet: Fleet, name: str) -> None:
    run = fleet.run("-e", f"{name}=json", play="status", code=2)
    told = document(run.output)
    assert set(told) == {"all_up", "links", "causes", "left_behind"}
    assert told["all_up"] is False
    assert {frozenset(link) for link in told["links"]} == {frozenset(FIELDS)}
    states = {(link["host"], link["peer"]): link["state"] for link in told["links"]}
    assert states == {("one", "two"): "up", ("two", "one"): "up", ("one", LONG): "down", ("two", LONG): "down"}
    assert "network corp" not in run.output.splitlines()
    (stats,) = run.of("set_stats")  # AWX keeps these as artifacts of the job
    assert stats["ansible_stats"]["data"]["wireguard_links"] == told


@pytest.mark.parametrize("output", ["yaml", ""])
def test_an_output_that_there_is_not_is_one_sentence_and_no_host_is_asked(fleet: Fleet, output: str) -> None:
    run = fleet.run("-e", json.dumps({"wireguard_output": output}), play="status", code=2)
    (failed,) = [entry.result["msg"] for entry in run.results if entry.status == "failed"]
    assert failed == f"wireguard_output, or output for short, must be table or json, not {output}."
    assert run.of("linux_info") == []


def test_a_result_of_another_play_is_not_taken_for_the_output(fleet: Fleet) -> None:
    run = fleet.run("-e", json.dumps({"output": {"rc": 0}}), play="status", code=2)
    assert "network corp" in run.output.splitlines()


def test_a_client_that_was_never_there_is_not_waited_for(fleet: Fleet) -> None:
    declared = {name: member for name, member in fleet.members().items() if name != LONG}
    corp = {**fleet.networks["corp"], "members": declared}
    corp["clients"] = {"phone": {"via": ["one"], "public_key": "B" * 42 + "E="}}
    other = with_networks(fleet, {"corp": corp})
    other.run()
    run = other.run("-e", f"wireguard_probe_timeout={PATIENCE}", play="status")
    asked = run.of("linux_info")
    states = {(link["host"], link["peer"]): link["state"] for link in links(run.output)}
    assert states == {("one", "two"): "up", ("two", "one"): "up", ("one", "phone"): "idle"}
    for told in asked:
        assert told["now"] - told["invocation"]["module_args"]["controller_time"] < PATIENCE / 2
