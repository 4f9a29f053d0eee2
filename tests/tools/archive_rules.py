# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the archive that users install: only what they need is in it, all of the repository, and it is small."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

MAXIMUM_BYTES = 1_000_000
TOP_LEVEL = {
    "CHANGELOG.rst", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "COPYING", "FILES.json", "LICENSES", "MANIFEST.json",
    "README.md", "REUSE.toml", "SECURITY.md", "changelogs", "docs", "extensions", "meta", "molecule", "playbooks",
    "plugins", "roles",
}  # fmt: skip


MADE_BY_GALAXY = {"FILES.json", "MANIFEST.json"}


def in_repository() -> set[str]:
    """The files that git knows or would add: not what a run has left in the checkout, such as keys of a demo."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    root = Path(__file__).resolve().parents[2]
    return set(subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0"))


def problems(archive: Path) -> list[str]:
    """What is wrong with the archive, one sentence each."""
    with tarfile.open(archive) as tar:
        names = {member.name for member in tar.getmembers()}
        files = {member.name for member in tar.getmembers() if not member.isdir()}
    found = [f"{name} has no place in the archive" for name in sorted({n.split("/")[0] for n in names} - TOP_LEVEL)]
    found += [f"{name} was made by a tool" for name in sorted(names) if "__pycache__" in name or "/." in name]
    found += [f"{name} is not in the repository" for name in sorted(files - in_repository() - MADE_BY_GALAXY)]
    if archive.stat().st_size > MAXIMUM_BYTES:
        found.append(f"{archive.stat().st_size} bytes are more than {MAXIMUM_BYTES}")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]))) or None)
