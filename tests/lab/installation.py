# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a stranger gets it: the archive, and a home where nothing is but Ansible.

Nothing of the checkout is in reach of what runs here: of this process nothing is handed on but how pip finds its
index, and the Python has the ansible-core that meta/runtime.yml asks for, and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Installation:
    """A home, and the folder in it where commands are typed."""

    home: Path
    archive: Path

    @property
    def project(self) -> Path:
        """Where the inventory is."""
        return self.home / "project"

    @property
    def environment(self) -> dict[str, str]:
        """All variables that a command has."""
        to_the_index = {name: value for name, value in os.environ.items() if re.match(r"PIP_|SSL_|https?_proxy", name)}
        return {
            **to_the_index,
            "HOME": str(self.home),
            "PATH": f"{self.home}/venv/bin:{SYSTEM_PATH}",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(
        self, argv: list[str], prefix: tuple[str, ...] = (), code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project, such as in another network with the prefix ``nsenter --net=…``."""
        done = subprocess.run(
            [*prefix, *argv],
            env={**self.environment, **variables},
            cwd=self.project,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done


def built_archive(folder: Path) -> Path:
    """Build the archive that Galaxy would get."""
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", str(CHECKOUT)]
    done = subprocess.run([*command, "--output-path", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tar.gz")
    return archive


def empty_home(folder: Path) -> Installation:
    """Make a home with an environment of Python that has Ansible, and the archive, which is not installed yet."""
    installation = Installation(folder / "home", built_archive(folder))
    installation.project.mkdir(parents=True)
    if (index := Path.home() / ".config/pip/pip.conf").exists():
        (installation.home / ".config/pip").mkdir(parents=True)
        shutil.copy(index, installation.home / ".config/pip")
    python = folder / "home/venv/bin/python"
    wanted = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    for command in (
        ["venv", "--seed", "--python", sys.executable, str(folder / "home/venv")],
        ["pip", "install", "--python", str(python), f"ansible-core{wanted}"],
    ):
        done = subprocess.run(["uv", *command], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return installation


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page in Markdown that are in a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def files_with(folder: Path, texts: list[str]) -> list[str]:
    """The files below a folder in which one of the texts is."""
    wanted = [text.encode() for text in texts]
    paths = [Path(place, name) for place, _folders, names in os.walk(folder) for name in names]
    return sorted(
        str(path.relative_to(folder))
        for path in paths
        if path.is_file() and any(text in path.read_bytes() for text in wanted)
    )
