# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print which of these a host lacks, as a JSON list: tools, library, filter (nft), userspace (a
program), kernel (WireGuard in it).

Rules of this file: it runs on the host by the Python that runs the modules there, needs nothing but that, and changes
nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess

PATH = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"


def has(*programs: str) -> bool:
    """Tell whether all these programs are there."""
    return all(shutil.which(program, path=PATH) for program in programs)


def kernel_has_wireguard() -> bool:
    """Tell whether WireGuard is in the kernel, or a module of it could be loaded."""
    if os.path.isdir("/sys/module/wireguard"):
        return True
    modprobe = shutil.which("modprobe", path=PATH)
    command = [modprobe or "false", "--dry-run", "--quiet", "wireguard"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


found = {
    "tools": has("wg", "wg-quick"),
    "library": importlib.util.find_spec("pyroute2") is not None,
    "filter": has("nft"),
    "userspace": has("wireguard-go"),
    "kernel": kernel_has_wireguard(),
}
print(json.dumps([name for name, is_there in found.items() if not is_there]))
