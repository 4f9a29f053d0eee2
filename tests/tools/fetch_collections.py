# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpack collections that tests use as clients written by others, out of the PyPI package "ansible".

Galaxy is not needed. What is there already is left alone; one process at a time.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "ansible==12.3.0"
COLLECTIONS = ("community.routeros", "containers.podman")
TARGET = Path(__file__).resolve().parents[2] / ".ansible/foreign"


def fetch() -> Path:
    """Give the collections path that holds them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (TARGET / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folders = [f"ansible_collections/{name.replace('.', '/')}/" for name in COLLECTIONS]
        missing = [folder for folder in folders if not (TARGET / folder / "MANIFEST.json").exists()]
        if missing:
            _unpack(missing)
    return TARGET


def _unpack(folders: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps"]
        subprocess.run([*command, "-d", directory, PACKAGE], check=True)
        with zipfile.ZipFile(next(Path(directory).glob("ansible-*.whl"))) as wheel:
            for folder in folders:
                wheel.extractall(TARGET, [name for name in wheel.namelist() if name.startswith(folder)])


if __name__ == "__main__":
    print(fetch())
