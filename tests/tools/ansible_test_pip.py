# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-test make its virtual environments from the package index alone.

ansible-test looks for ~/.ansible/test/cache/get_pip_X_Y.py and, where it is missing, fetches it from its
vendor's site, which many networks do not let through. This puts a stand-in there, which runs the wheel of
that pip; the wheel comes from the index.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

CACHE = Path.home() / ".ansible" / "test" / "cache"
STAND_IN = '''\
"""Stand-in for get-pip.py: runs the wheel of pip that lies next to it."""
import sys
sys.path.insert(0, {wheel!r})
sys.argv[1:] = ["install"] + [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
from pip._internal.cli.main import main
sys.exit(main())
'''


def wanted_version() -> str:
    """The version of pip that the installed ansible-test bootstraps with."""
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("ansible-test is not installed")
    source = Path(spec.submodule_search_locations[0], "_internal", "python_requirements.py").read_text(encoding="utf-8")
    found = re.search(r"pip='([0-9.]+)'", source)
    if not found:
        sys.exit("this ansible-test does not say which pip it wants")
    return found.group(1)


def main() -> None:
    version = wanted_version()
    wheel = CACHE / f"pip-{version}-py3-none-any.whl"
    CACHE.mkdir(parents=True, exist_ok=True)
    if not wheel.exists():
        command = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(CACHE), f"pip=={version}"]
        subprocess.run([sys.executable, *command], check=True)
    stand_in = CACHE / f"get_pip_{version.replace('.', '_')}.py"
    stand_in.write_text(STAND_IN.format(wheel=str(wheel)), encoding="utf-8")


if __name__ == "__main__":
    main()
