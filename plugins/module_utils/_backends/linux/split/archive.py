# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that puts our program on a host: the very files that run here, which Python runs as one.

Rules of this file: equal sources give equal bytes. Nothing is compressed, so that an administrator can read it.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import zipfile
from types import ModuleType
from typing import Iterator

_PACKAGE = "ansible_collections."
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file knows
_START = "import sys\n\nfrom {} import main\n\nsys.exit(main(sys.argv[1:]))\n"


def build_archive(program: ModuleType) -> bytes:
    """Give an archive that runs the function `main` of a module with all of this collection that it imports."""
    sources = {name.replace(".", "/") + ".py": text for name, text in _closure(program.__name__).items()}
    packages = {path.rpartition("/")[0] for path in sources}
    packages |= {"/".join(path.split("/")[:depth]) for path in packages for depth in range(1, path.count("/") + 1)}
    sources.update({f"{package}/__init__.py": "" for package in packages})
    sources["__main__.py"] = _START.format(program.__name__)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(sources):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system = 3  # Unix, wherever it is made
            archive.writestr(entry, sources[path])
    return packed.getvalue()


def _closure(start: str) -> dict[str, str]:
    sources: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = inspect.getsource(sys.modules[name])
            waiting += _imported(sources[name])
    return sources


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            module = str(node.module)
            submodules = [f"{module}.{each.name}" for each in node.names]
            yield from [each for each in submodules if each in sys.modules] or [module]
