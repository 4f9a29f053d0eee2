# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quickstart, line by line: what stands there at the prompt of root is typed, in its order.

The lab is the one that the demo keeps, made by its code; what the demo does in it is shown by ./dev demo.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ansible_collections.wgfleet.wireguard.tests.demo import demo
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT, lab_name
from ansible_collections.wgfleet.wireguard.tests.tools.recording import MOST_SECONDS

PAGE = CHECKOUT / "docs/docsite/rst/guide_quickstart.rst"
CHECK, BUILD, STATUS, AGAIN = "site_to_site --check --diff", "site_to_site", "status", "site_to_site --limit office2"


def lines() -> list[str]:
    """What root is told to type."""
    return re.findall(r"^   # (.*)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


class Reader(NamedTuple):
    """Someone who has typed the lines of the page in `./dev shell`, and what was printed by each."""

    lab: str
    said: dict[str, str]
    seconds: float

    def of(self, call: str) -> str:
        """What a playbook has printed."""
        return self.said[f"ansible-playbook -i hosts.yml wgfleet.wireguard.{call}"]


def dev(*arguments: str, script: str = "", **variables: str) -> str:
    """Run ./dev, and give its shell a script."""
    done = subprocess.run(
        [str(CHECKOUT / "dev"), *arguments],
        input=script,
        env={**os.environ, "SHELL": "/bin/bash", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed_tasks(output: str) -> set[tuple[str, str]]:
    """The tasks that have changed something, and where, as Ansible prints it."""
    tasks = [part.split("]", 1) for part in output.split("TASK [")[1:]]
    return {(name, host) for name, rest in tasks for host in re.findall(r"^changed: \[([\w-]+)", rest, re.MULTILINE)}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    place = tmp_path_factory.mktemp("checkout")
    typed = lines()[2:-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "WORK", place / demo.WORK.relative_to(CHECKOUT))
        shown = demo.prepared(lab_name())
        router = demo.build_lab(shown.lab)
        try:
            demo.keep(shown.lab)
            script = ["set -e", f"cd {place}"]
            for line in typed:
                script += [f"echo '=== {line}'", line if line == "exit" else f"{line} </dev/null"]
            began = time.monotonic()
            _start, *said = dev("shell", script="\n".join(script)).split("=== ")
            yield Reader(shown.lab.name, dict(each.split("\n", 1) for each in said), time.monotonic() - began)
        finally:
            demo.remove(shown.lab.name)
            router.communicate(timeout=30)


def test_the_page_begins_with_a_lab_and_ends_without() -> None:
    typed = lines()
    assert typed[:2] == ["./dev demo --keep", "./dev shell"]
    assert typed[-2:] == ["exit", "./dev demo --down"]


def test_every_line_can_be_typed_as_it_stands(reader: Reader) -> None:
    assert list(reader.said) == lines()[2:-1]
    played = [said for line, said in reader.said.items() if line.startswith("ansible-playbook")]
    assert played, reader.said
    assert all(" ok=" in said for said in played), "a play without hosts is none"


def test_the_lines_take_no_five_minutes(reader: Reader) -> None:
    """What the demo takes is judged where it runs, by ./dev demo."""
    assert "neither takes five" in " ".join(PAGE.read_text(encoding="utf-8").split())
    assert reader.seconds < MOST_SECONDS


def test_what_the_check_announces_the_run_does_and_another_run_does_not(reader: Reader) -> None:
    announced, done = (changed_tasks(reader.of(call)) for call in (CHECK, BUILD))
    assert set() != announced <= done  # the files of a client follow from its key, which is announced
    assert {host for _task, host in announced} == {host for _task, host in done}
    assert re.findall(r"changed=(\d+)", reader.of(AGAIN)) == ["0"]


def test_the_table_shows_every_link_up(reader: Reader) -> None:
    assert " up " in reader.of(STATUS)
    assert " down " not in reader.of(STATUS)


def test_one_command_takes_the_lab_away(reader: Reader) -> None:
    assert "The lab is gone." in dev("demo", "--down", WGFLEET_LAB=reader.lab)
    assert not list(Path("/run/netns").glob(f"{reader.lab}-*"))
