# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do with a simulator: start it as a process of its own, give it orders, read its journal, stop it.

Nothing of the simulator is imported here: it is spoken to over its sockets and its standard input only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULE = "ansible_collections.wgfleet.wireguard.tests.simulators.routeros"
CHECKOUT = Path(__file__).resolve().parents[3]
COLLECTIONS = CHECKOUT / ".ansible/collections"


class RouterFailed(AssertionError):
    """A simulator did not do what it was told, so that nothing that was tested with it is proven."""


@dataclass(frozen=True)
class Simulator:
    """A simulator that runs. ``tls_port`` is 0 without TLS."""

    port: int
    tls_port: int
    process: subprocess.Popen[str]
    journal_file: Path

    def order(self, **order: Any) -> Any:
        """Give one order (see ``command_line``) and wait until it is done."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the simulator has no pipes")
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["ok"]

    def fault(self, text: str) -> None:
        """Set a fault, such as ``cut-after-request=3``."""
        self.order(fault=text)

    def seed(self, **menus: Any) -> None:
        """Configure: menu path to rows."""
        self.order(seed=menus)

    def rows(self, menu: str) -> list[dict[str, str]]:
        """Give a menu's rows as a user with all policies sees them, without any request being counted."""
        rows: list[dict[str, str]] = self.order(dump=menu)
        return rows

    def problems(self) -> list[str]:
        """Give what the data plane could not do, or a session broke over, since this was asked last."""
        problems: list[str] = self.order(problems=True)
        return problems

    def journal(self) -> list[dict[str, Any]]:
        """Give what clients asked so far: path, attributes, queries, tag, write, refused, session, time."""
        return [json.loads(line) for line in self.journal_file.read_text(encoding="utf-8").splitlines()]

    def writes(self) -> list[str]:
        """Give the paths of all writes so far."""
        return [entry["path"] for entry in self.journal() if entry["write"]]


def plane_flags(enter: Sequence[str], **ports: str) -> list[str]:
    """Give the flags for a data plane that ``enter`` leads into, such as ``ether1="wan", bridge="lan"``."""
    port_map = ",".join(f"{port}={link}" for port, link in ports.items())
    return ["--dataplane", "--enter", " ".join(enter), "--port-map", port_map]


def command_line(*flags: str) -> list[str]:
    """Give the command that starts a simulator; prefix it with what enters a host of a lab."""
    return ["env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-m", MODULE, *flags]


@contextmanager
def simulator(*flags: str, prefix: Sequence[str] = (), seed: dict[str, Any] | None = None) -> Iterator[Simulator]:
    """Start a simulator with flags and stop it at the end. ``prefix`` is a command that runs it elsewhere, with
    the same files.

    What it could not do, such as a rule that packets cannot be made to obey, fails the test at the end, unless the test
    has asked for it (``problems``).
    """
    with tempfile.TemporaryDirectory() as directory:
        (journal := Path(directory) / "journal.jsonl").touch()
        wanted = [*flags, "--journal", str(journal)]
        if seed is not None:
            (Path(directory) / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
            wanted += ["--seed", str(Path(directory) / "seed.json")]
        process = subprocess.Popen(
            [*prefix, *command_line(*wanted)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        try:
            if process.stdout is None or not (line := process.stdout.readline()):
                raise RuntimeError(f"the simulator does not start: {' '.join(wanted)}")
            ready = json.loads(line)
            router = Simulator(ready["port"] or 0, ready["tls_port"] or 0, process, journal)
            yield router
            if process.poll() is None and (problems := router.problems()):
                raise RouterFailed("\n".join(problems))
        finally:
            process.terminate()
            process.wait(timeout=20)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
