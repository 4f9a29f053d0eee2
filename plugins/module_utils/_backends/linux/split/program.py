# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that serves a split tunnel without Ansible: at boot (`load NAME`, then `up NAME`), and by a timer
(`refresh NAME`).

Rules of this file: standard library only, together with all that it imports: these files are put on the host as they
are (`split_archive`). It prints one line for each thing that happens, for the journal. A set that cannot be fetched, or
that shrank by more than the limit, changes nothing and ends with 1, so that systemd shows it. What is awaited, an
interface or a download, is awaited without the lock, and the job is read after that: a run may have changed it.
"""

from __future__ import annotations

import sys
import time
from typing import Callable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.lock import locked
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text, write_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import kernel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    Job,
    job_path,
    lock_of,
    parse_job,
    render_table,
    routes_of,
    rules_of,
    same_sources,
    set_path,
    table_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver import resolver_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.prefix_sources import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, WireguardError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.prefix_lists import render_prefix_list

_PATIENCE, _POLL = 30.0, 0.2  # seconds


def bring_up(name: str) -> str:
    """Do in the kernel what the job says, as at boot, and give that in words. Raises DeviceError."""
    _job(name)
    _await_link(name)
    with locked(lock_of(name)):
        job = _job(name)
        if job.strict is not None:
            kernel.set_reverse_path_filter(name, kernel.LOOSE)
        for route in routes_of(job):
            kernel.put_route(route)
        standing = kernel.observed_rules([job.tunnel.mark])
        for rule in rules_of(job):
            if rule not in standing:
                kernel.put_rule(rule)
        _load(job)
        resolver = resolver_of(job)
        if resolver and resolver.observed() != resolver.desired():
            resolver.put()
    return "the split tunnel is up"


def load(name: str) -> str:
    """Load the set as it was last, and say so. The interface need not be there. Raises DeviceError."""
    with locked(lock_of(name)):
        _load(_job(name))
    return "the set is loaded"


def refresh(name: str) -> str:
    """Fetch the set anew and load it; give what was done, in words. Raises WireguardError where the earlier is kept."""
    asked = _job(name).tunnel
    earlier = kernel.read_set(name)
    settled = settle(asked, earlier, same_sources=True)
    if settled.kept_because:
        raise DeviceError(f"the earlier set is kept ({len(earlier)} prefixes): {settled.kept_because}")
    with locked(lock_of(name)):
        if not read_text(job_path(name)):
            return "the split tunnel was removed meanwhile: nothing was done"
        job = _job(name)
        if not same_sources(job.tunnel, asked):
            return "other sources were named meanwhile: nothing was done"
        earlier = kernel.read_set(name)
        if list(settled.prefixes) == earlier:
            return f"nothing has changed ({len(earlier)} prefixes)"
        text = render_table(job, settled.prefixes)
        kernel.refuse_unknown(text)
        # The files first: whoever stops between the two is told by the fingerprint, and a boot loads what is in them.
        write_text(set_path(name), render_prefix_list(settled.prefixes))
        write_text(table_path(name), text)
        kernel.load_table(name, text)
    return f"the set has {len(settled.prefixes)} prefixes now, and had {len(earlier)}"


COMMANDS: Mapping[str, Callable[[str], str]] = {"load": load, "up": bring_up, "refresh": refresh}


def main(arguments: Sequence[str]) -> int:
    """Run the program and give its exit code."""
    if len(arguments) != 2 or arguments[0] not in COMMANDS:
        sys.stderr.write(f"usage: split_tunnel.pyz {'|'.join(COMMANDS)} INTERFACE\n")
        return 2
    command, name = arguments
    try:
        said = COMMANDS[command](name)
    except WireguardError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    sys.stdout.write(f"{name}: {said}\n")
    return 0


def _job(name: str) -> Job:
    path = job_path(name)
    return parse_job(read_text(path), path)


def _load(job: Job) -> None:
    if job.tunnel.routes:
        kernel.load_table(job.tunnel.interface, read_text(table_path(job.tunnel.interface)))


def _await_link(name: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not kernel.is_up(name):
        if time.monotonic() > deadline:
            raise DeviceError(f"the interface {name} is not up")
        time.sleep(_POLL)
