# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of what is supported say what the stages run on, and nothing else.

Each source is read where it has its effect: a version that is tested no more, or from now on, fails here until the page
says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros import versions
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_bench import RELEASES

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/docsite/rst/guide_support.rst"
CORE, CONTROLLER, TARGET = "ansible-core, on the controller", "Python, on the controller", "Python, on Linux hosts"
LINUX, ROUTEROS = "Linux", "RouterOS"
STATES = {"tested", "expected", "unsupported"}


class Row(NamedTuple):
    """A row of a table, and the heading above it."""

    heading: str
    what: str
    state: str
    reason: str


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def rows() -> list[Row]:
    heading, cells = "", r"\n {3}\* - (.*)\n {5}- (.*)\n {5}- (.*)"
    found = []
    for section in re.split(r"\n(?=[^\n]+\n-+\n)", PAGE.read_text(encoding="utf-8")):
        heading = section.splitlines()[0]
        found += [Row(heading, *row) for row in re.findall(cells, section) if row[1] != "state"]
    return found


ROWS = rows()


def named(heading: str, state: str = "tested") -> list[str]:
    return [row.what for row in ROWS if (row.heading, row.state) == (heading, state)]


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def cores() -> list[list[str]]:
    """The rows of the table of newer versions: version, Python, stages."""
    return [line.split() for line in read("tests/cores.txt").splitlines() if line[:1] != "#"]


def oldest_core() -> str:
    found = re.search(r"^ansible-core==(.*)$", read("tests/requirements.in"), re.MULTILINE)
    assert found
    return minor(found[1])


def test_every_table_is_read() -> None:
    assert {row.heading for row in ROWS} == {CORE, CONTROLLER, TARGET, LINUX, ROUTEROS}
    assert PAGE.read_text(encoding="utf-8").count("   * - ") == len(ROWS) + 5  # of headings


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.heading}: {row.what}")
def test_what_is_tested_names_a_stage_or_a_test_and_the_rest_a_reason(row: Row) -> None:
    assert row.state in STATES
    stages = re.findall(r"``\./dev (\w+)``", row.reason)
    tests = re.findall(r"``(tests/[^`]+)``", row.reason)
    assert bool(stages or tests) == (row.state == "tested")
    assert all(stage == "test" or f"\nstage_{stage}()" in read("dev") for stage in stages)
    assert all((ROOT / path).exists() for path in tests)
    assert row.state == "tested" or row.reason.endswith((".", "say so"))


def test_the_tested_versions_of_ansible_core_are_those_that_the_stages_install() -> None:
    assert named(CORE) == sorted({oldest_core(), *(minor(version) for version, *_rest in cores())})
    for version, _python, *stages in cores():
        (row,) = [row for row in ROWS if (row.heading, row.what) == (CORE, minor(version))]
        assert row.reason == f"``./dev cores``: {', '.join(stages)}"


def test_the_oldest_tested_ansible_core_is_the_oldest_that_is_let_in() -> None:
    runtime: dict[str, Any] = yaml.safe_load(read("meta/runtime.yml"))
    assert runtime["requires_ansible"] == f">={oldest_core()}.0"
    assert f"ansible-core {oldest_core()} or newer" in read("README.md")


def test_the_tested_pythons_of_the_controller_are_those_of_the_environments() -> None:
    fits = re.search(r"not \(3, (\d+)\) <= sys", read("dev"))
    assert fits
    assert named(CONTROLLER) == sorted({f"3.{fits[1]}", *(python for _version, python, *_rest in cores())})
    assert f"ansible-core {oldest_core()} or newer with Python {named(CONTROLLER)[0]} or newer" in read("README.md")


def test_the_tested_pythons_of_hosts_are_those_that_the_stages_look_for() -> None:
    looked_for = re.search(r"versions/3\.\{([\d,]+)\}", read("dev"))
    assert looked_for
    assert named(TARGET) == [f"3.{number}" for number in looked_for[1].split(",")]
    assert f'target-version = "{named(TARGET)[0].replace("3.", "py3")}"' in read("pyproject.toml")
    assert f"Python {named(TARGET)[0]} or newer" in read("README.md")


def test_the_families_of_linux_are_those_whose_packages_are_known() -> None:
    families = set(yaml.safe_load(read("roles/install/vars/main.yml"))["install_packages"])
    told = {row.what for row in ROWS if row.heading == LINUX}
    assert {family for family in families if not any(re.search(rf"\b{family}\b", what) for what in told)} == set()
    assert "bookworm" in read("molecule/systemd/image.sh")
    assert "Debian 12, with systemd" in named(LINUX)


def test_the_tested_kernel_is_the_one_that_the_stage_runs_on() -> None:
    """The machine's own where it has WireGuard, and else one that is built of what Debian calls linux-source."""
    (row,) = [row for row in ROWS if row.what == "WireGuard in the kernel"]
    assert row.reason == (
        "``./dev kernel``: the running kernel where it has WireGuard, else User-Mode Linux, "
        "built of Debian's ``linux-source``"
    )
    runs = read("tests/kernel/run")
    assert "This machine's kernel serves if it has WireGuard." in runs
    assert "apt-cache depends linux-source" in runs and 'make -s -C "$source" ARCH=um' in runs


def test_the_tested_releases_of_routeros_are_those_of_the_conformance_tests() -> None:
    assert named(ROUTEROS) == [minor(release) for release in RELEASES]
    first_expected = named(ROUTEROS, "expected")[0]
    assert first_expected.startswith("{}.{} to ".format(*versions.OLDEST))


def test_the_guide_to_routeros_names_the_same_releases() -> None:
    assert f"from {named(ROUTEROS)[0]} to {named(ROUTEROS)[-1]}" in read("docs/docsite/rst/guide_routeros.rst")
