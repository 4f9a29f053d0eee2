# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tools of the system in the network namespace whose packets shall obey."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any

START_SECONDS = 10.0


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

    def add(self, text: str) -> None:
        """Add what is no error of a tool."""
        self._texts.append(text)

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

    def start(self, ready: str, *command: str, text: str) -> subprocess.Popen[str]:
        """Start a program that stays, with a text to read, and wait until it says on standard error that it is ready.

        Raises what it said if it does not.
        """
        with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
            given.write(text)
            given.seek(0)
            try:
                process = subprocess.Popen([*self._enter, *command], stdin=given, stdout=said, stderr=said, text=True)
            except OSError as error:
                raise PlaneError(f"'{' '.join(command)}' failed: {error}") from error
            deadline = time.monotonic() + START_SECONDS
            while process.poll() is None and time.monotonic() < deadline:
                if ready in _read_all(said):
                    return process
                time.sleep(0.005)
            process.kill()
            process.wait()
            raise PlaneError(f"'{' '.join(command)}' failed: {_read_all(said).strip()}\n{text}")

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


def _read_all(file: IO[str]) -> str:
    """Read a file that somebody else writes to. Nobody's position is moved: his is a copy of ours."""
    return os.pread(file.fileno(), 1 << 16, 0).decode(errors="replace")
