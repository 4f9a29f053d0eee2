# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tools of the system in the network namespace whose packets shall obey."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any


class PlaneError(Exception):
    """A tool refused what the configuration asks for."""


class Problems:
    """Collects what goes wrong in steps that do not wait for each other: ``with problems: step()``."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, _traceback: object) -> bool:
        if isinstance(error, PlaneError):
            self._texts.append(str(error))
            return True
        return False

    def tell(self) -> None:
        """Raise all of it, if there is any."""
        if self._texts:
            raise PlaneError("\n".join(self._texts))


class Namespace:
    """Where commands run: ``enter`` is what they are prefixed with, nothing for the namespace of this process."""

    def __init__(self, enter: Sequence[str] = ()) -> None:
        self._enter = tuple(enter)

    def run(self, *command: str, text: str = "") -> str:
        """Run a command and give what it prints, or raise what it said."""
        done = self.attempt(*command, text=text)
        if done.returncode:
            raise PlaneError(f"'{' '.join(command)}' failed: {(done.stderr or done.stdout).strip()}\n{text}")
        return done.stdout

    def attempt(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run([*self._enter, *command], input=text, capture_output=True, text=True, check=False)

    def ip(self, *words: str) -> list[dict[str, Any]]:
        """Give what ``ip -j`` shows."""
        output = self.run("ip", "-j", *words)
        return json.loads(output) if output.strip() else []

    def batch(self, lines: Sequence[str]) -> None:
        """Run lines of ip(8) at once. One that fails does not keep the others from being run, but is told."""
        if lines:
            done = self.attempt("ip", "-force", "-batch", "-", text="\n".join(lines) + "\n")
            if done.returncode:
                raise PlaneError(f"{done.stderr.strip()}\n" + "\n".join(lines))
