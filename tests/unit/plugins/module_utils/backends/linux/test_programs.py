# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program of the host is given, and what is said of one that fails."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import (
    ProgramError,
    find_program,
    run_program,
)


def test_a_program_reads_its_text_and_gives_what_it_prints():
    assert run_program(["cat"], "one\ntwo\n") == "one\ntwo\n"


def test_a_program_is_found_where_the_environment_lacks_the_directories_of_root(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_program("sh") in ("/usr/bin/sh", "/bin/sh")
    assert run_program(["sh", "-c", "echo $LC_ALL"]) == "C\n"


def test_the_first_line_of_what_a_failing_program_says_is_told():
    with pytest.raises(ProgramError, match=r"^'sh -c echo why >&2; echo more >&2; exit 3' failed: why$"):
        run_program(["sh", "-c", "echo why >&2; echo more >&2; exit 3"])
    with pytest.raises(ProgramError, match=r"^'false' failed: exit code 1$"):
        run_program(["false"])


def test_a_program_that_is_missing_is_named():
    with pytest.raises(ProgramError, match=r"^the program no-such-program is not installed on this host$"):
        run_program(["no-such-program"])


def test_one_that_may_fail_prints_nothing_then():
    assert run_program(["sh", "-c", "echo half; exit 1"], may_fail=True) == ""
    assert run_program(["no-such-program"], may_fail=True) == ""
    assert run_program(["echo", "whole"], may_fail=True) == "whole\n"
