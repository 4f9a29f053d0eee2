# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A YAML file on the controller that runs keep for each other, such as the registry.

Rules of this file: one run at a time, and a reader sees the file before a change or after it. It holds no secret.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils._template_values import plain


def read_text(path: Path) -> str:
    """Give what is in the file; nothing where it is not there. Raises OSError."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def parse_yaml(text: str, path: Path) -> Any:
    """Give the data of a file. Raises InvalidInput."""
    try:
        return plain(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InvalidInput([Problem(str(path), f"is no YAML: {error}")]) from None


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """Keep other runs away, and give the file itself where the path is a link to it. Raises OSError.

    The lock is on the directory, so that no lock file stays behind; on that of the file, so that runs which know it by
    different names keep each other away, too.
    """
    path = Path(os.path.realpath(path))
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(directory)


def write(path: Path, text: str) -> None:
    """Put text in place of what is there. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
