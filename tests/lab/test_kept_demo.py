# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo leaves behind when it is told to keep its lab."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from ansible_collections.wgfleet.wireguard.tests.demo import demo
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT, Lab, demo_topology, lab_name

COLLECTIONS = CHECKOUT / ".ansible/collections"
BUILDS = f"""
import sys
from {demo.__name__} import build_lab, prepared
build_lab(prepared(sys.argv[1]).lab)
"""


@pytest.fixture
def kept() -> Iterator[Lab]:
    lab = Lab(lab_name(), demo_topology())
    try:
        yield lab
    finally:
        demo.remove(lab.name)


def test_the_router_of_a_kept_lab_holds_no_pipe_of_who_called_the_demo(kept: Lab) -> None:
    # This reads until everybody has closed the pipe.
    done = subprocess.run(
        ["env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-c", BUILDS, kept.name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, f"{len(kept.topology['hosts'])} hosts are up")
    assert "8728" in kept.run("office2", ["ss", "-Hltn"]).stdout, "the router is still there"
    assert '"port": 8728' in demo.router_log(kept.name).read_text(encoding="utf-8")
