# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the programs of a host.

Rules of this file: standard library only. A program gets its words as a list, never through a shell, and nothing
secret; its answers are in the language of the program itself. One that is missing or fails is an error with the first
line of what it said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError

_SECONDS = 120
# A module's environment may lack the directories of root's programs.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProgramError(DeviceError):
    """A program of the host is missing or failed."""


def find_program(name: str) -> str | None:
    """Give the path of a program, None where it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PATH}")


def run_program(words: Sequence[str], text: str = "", may_fail: bool = False) -> str:
    """Run a program and give what it prints; with may_fail, one that is missing or fails prints nothing.

    Raises ProgramError.
    """
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_PATH}", "LC_ALL": "C", "LANGUAGE": "C"}
    try:
        # A backend knows no AnsibleModule, whose run_command pylint wants here, and may run where there is none.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(words), input=text, capture_output=True, text=True, check=False, env=environment, timeout=_SECONDS
        )
    except FileNotFoundError:
        if may_fail:
            return ""
        raise ProgramError(f"the program {words[0]} is not installed on this host") from None
    except OSError as error:
        raise ProgramError(f"cannot run {words[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{words[0]} does not end: it was stopped after {_SECONDS} seconds") from None
    if done.returncode and not may_fail:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise ProgramError(f"'{' '.join(words)}' failed: {said}")
    return "" if done.returncode else done.stdout
