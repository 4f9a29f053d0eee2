# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A split tunnel on a Linux host: its files, what of it is in the kernel, and the units that keep it.

Rules of this file: nothing is compared. What cannot succeed is refused before the first write, and all files are staged
before anything changes. All writes are made under the lock that our program takes on the host, but for the start of the
service that runs this program.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.lock import locked
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import (
    ProgramError,
    find_program,
    run_program,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import kernel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import program as split_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.archive import build_archive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    DIRECTORY,
    Job,
    job_path,
    loaded_path,
    lock_of,
    parse_job,
    render_job,
    render_table,
    routes_of,
    rules_of,
    same_sources,
    set_path,
    table_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.live_parts import (
    drop_live,
    put_live,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver import (
    RESOLVERS,
    find_resolver,
    name_of,
    resolver_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.resolver_contract import Resolver
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.rivals import (
    other_jobs,
    rivals,
    shared_claims,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.tunnel_parts import (
    FILE,
    KINDS,
    LINK,
    NAMES,
    ROUTE,
    RULE,
    SERVICE,
    SWITCH,
    TABLE,
    TIMER,
    file_step,
    runs_program,
    step_words,
    text_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.units import (
    PROGRAM,
    UNITS,
    table_service_of,
    timer_of,
    unit_files,
    unit_folders,
    unit_paths,
    without_systemd,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.staged_files import Staged
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.systemd import (
    has_systemd,
    is_active,
    runs_systemd,
    systemctl,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.prefix_sources import settle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    InvalidInput,
    MissingLibrary,
    NoSuchInterface,
    Problem,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import RemoveFile, WriteFile
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import (
    DropPart,
    PartKey,
    Parts,
    PartStep,
    PutPart,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.prefix_lists import render_prefix_list
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    NEVER,
    SplitTunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES, Prefix


class LinuxSplitTunnel:
    """The split tunnel through the interface that is named in `wanted`."""

    kinds: Sequence[str] = KINDS

    def __init__(self, wanted: SplitTunnel, check_mode: bool) -> None:
        self._wanted = wanted
        self._name = wanted.interface
        self._is_check = check_mode
        path = job_path(self._name)
        text = read_text(path)
        self._recorded = parse_job(text, path) if text else None
        self.warnings: list[str] = []

    def desire(self) -> Parts:
        """Give the parts that shall stand. Reads the sources and the interface. Raises WireguardError."""
        if not self._wanted.present:
            return {}
        self._refuse_wrong_options()
        self._refuse_missing_programs()
        resolver = self._resolver()
        job = self._job(self._interface(), resolver)
        fetched = self._settled()
        units, links = unit_files(self._wanted, sys.executable)
        if not has_systemd():
            self.warnings.append(without_systemd(self._wanted, sys.executable))
        files = {job_path(self._name): render_job(job), **units}
        parts: dict[PartKey, str] = {PartKey(LINK, path): target for path, target in links.items()}
        if self._wanted.fetches:
            files[set_path(self._name)] = render_prefix_list(fetched)
        if self._wanted.routes:
            table = render_table(job, fetched)
            files[table_path(self._name)] = table
            parts[PartKey(TABLE, self._name)] = table
        if resolver:
            files.update(resolver.files())
            parts[PartKey(NAMES, job.resolver)] = resolver.desired()
        parts.update({PartKey(FILE, path): text_of(text.encode()) for path, text in files.items()})
        parts[PartKey(FILE, PROGRAM)] = text_of(build_archive(split_program))
        if job.strict is not None:
            parts[PartKey(SWITCH, self._name)] = str(kernel.LOOSE)
        parts.update({PartKey(ROUTE, route): "" for route in routes_of(job)})
        parts.update({PartKey(RULE, rule): "" for rule in rules_of(job)})
        if runs_systemd() and f"{UNITS}/{timer_of(self._name)}" in units:
            parts[PartKey(TIMER, timer_of(self._name))] = self._wanted.refresh
        if runs_systemd() and f"{UNITS}/{table_service_of(self._name)}" in units:
            parts[PartKey(SERVICE, table_service_of(self._name))] = ""
        return parts

    def read(self) -> Parts:
        """Observe the parts that are ours."""
        tunnels = [self._wanted, *([self._recorded.tunnel] if self._recorded else [])]
        parts: dict[PartKey, str] = {}
        resolver = resolver_of(self._recorded)
        paths = (job_path(self._name), set_path(self._name), table_path(self._name), *unit_paths(self._name))
        for path in (*paths, *(resolver.paths() if resolver else ())):
            if os.path.islink(path):
                parts[PartKey(LINK, path)] = os.readlink(path)
            elif os.path.exists(path):
                parts[PartKey(FILE, path)] = _content(path)
        if os.path.exists(PROGRAM) and (self._wanted.present or not other_jobs(self._name)):
            parts[PartKey(FILE, PROGRAM)] = _content(PROGRAM)
        tables = list(dict.fromkeys(tunnel.table for tunnel in tunnels))
        # Rules name no interface: those of another tunnel are known by its mark, whatever the default is.
        marks = {tunnel.mark for tunnel in tunnels} - {other.tunnel.mark for other in rivals(self._name)}
        parts.update({PartKey(ROUTE, route): "" for route in kernel.observed_routes(self._name, tables)})
        parts.update({PartKey(RULE, rule): "" for rule in kernel.observed_rules(marks)})
        table = kernel.loaded_table(self._name)
        if table:
            parts[PartKey(TABLE, self._name)] = table
        if self._recorded and self._recorded.strict is not None and kernel.exists(self._name):
            parts[PartKey(SWITCH, self._name)] = str(kernel.reverse_path_filter(self._name))
        known = resolver.observed() if resolver else ""
        if known:
            parts[PartKey(NAMES, name_of(resolver))] = known
        if is_active(timer_of(self._name)):
            parts[PartKey(TIMER, timer_of(self._name))] = self._recorded.tunnel.refresh if self._recorded else ""
        if is_active(table_service_of(self._name)):
            parts[PartKey(SERVICE, table_service_of(self._name))] = ""
        return parts

    def apply(self, steps: Sequence[PartStep]) -> int:
        """Carry out the steps in their order and give the number of writes. Raises DeviceError."""
        for step in steps:
            if isinstance(step, PutPart) and step.key.kind == TABLE:
                kernel.refuse_unknown(step.content)
        with locked(lock_of(self._name)):
            self._apply([step for step in steps if not runs_program(step)])
            if not self._recorded:
                self._sweep()
        put_live([step for step in steps if runs_program(step)])
        return len(steps)

    def _apply(self, steps: Sequence[PartStep]) -> None:
        files = [file_step(step) for step in steps if step.key.kind in (FILE, LINK)]
        earlier = resolver_of(self._recorded)
        with Staged([step for step in files if isinstance(step, WriteFile)]) as staged:
            drop_live(steps, self._name, self._recorded)
            for _path, action in staged.commits():
                action()
            _reload_units(step.path for step in files if isinstance(step, WriteFile))
            put_live(steps)
        # The job goes last: it tells what else is ours.
        job = job_path(self._name)
        removed = {step.path for step in files if isinstance(step, RemoveFile)}
        _unlink(removed - {job})
        _reload_units(removed)
        self._tell_resolver(steps, earlier)
        _unlink(removed & {job})
        text = read_text(job)
        self._recorded = parse_job(text, job) if text else None

    def _tell_resolver(self, steps: Sequence[PartStep], earlier: Resolver | None) -> None:
        """A program that reads files is told when those of ours stand, or have gone."""
        for step in steps:
            is_drop = isinstance(step, DropPart)
            resolver = earlier if is_drop else self._resolver()
            if step.key.kind == NAMES and resolver:
                (resolver.drop if is_drop else resolver.put)()

    def words(self, steps: Sequence[PartStep]) -> list[dict[str, Any]]:
        """Give steps as dictionaries: `do`, and what it does it to; of a set the size only."""
        return [step_words(step) for step in steps]

    def close(self) -> None:
        """Nothing is held open."""

    def _interface(self) -> Interface:
        backend = LinuxBackend(self._name)
        try:
            found = backend.read()
        except MissingLibrary:
            if not self._is_check:
                raise
            found = absent(self._name)  # a check comes before the run that installs it
        finally:
            backend.close()
        if not self._is_check:
            if not found.exists:
                raise NoSuchInterface(f"the interface {self._name} does not exist; make it with linux_interface")
            if not found.up and self._wanted.routes:
                raise DeviceError(f"the interface {self._name} is down: nothing can be routed through it")
        return found

    def _job(self, found: Interface, resolver: Resolver | None) -> Job:
        families = self._wanted.families
        if families is None:
            versions = {address.version for address in found.addresses if not address.ip.is_link_local}
            families = tuple(family for family, version in FAMILIES.items() if version in versions or not found.exists)
        return Job(self._wanted, families, found.listen_port, found.fwmark, self._strict(), name_of(resolver))

    def _resolver(self) -> Resolver | None:
        """Give the resolver for the servers that are wanted. Raises WireguardError where there is none for them."""
        if not self._wanted.dns:
            return None
        resolver = RESOLVERS[find_resolver()](self._name, self._wanted.dns)
        resolver.refuse_unknown()
        return resolver

    def _strict(self) -> int | None:
        """Give rp_filter of the interface as it was before us, where it would drop what comes back."""
        recorded = self._recorded.strict if self._recorded else None
        everywhere = kernel.reverse_path_filter("all")
        own = recorded if recorded is not None else kernel.reverse_path_filter(self._name)
        return own if self._wanted.routes and max(everywhere, own) == kernel.STRICT else None

    def _settled(self) -> Sequence[Prefix]:
        earlier = kernel.read_set(self._name)
        same = self._recorded is not None and same_sources(self._recorded.tunnel, self._wanted)
        settled = settle(self._wanted, earlier, same)
        if settled.kept_because:
            self.warnings.append(f"the earlier set is kept ({len(earlier)} prefixes): {settled.kept_because}")
        return settled.prefixes

    def _refuse_wrong_options(self) -> None:
        """Raise InvalidInput for what this host cannot take."""
        problems = shared_claims(self._wanted)
        if self._wanted.fetches and self._wanted.refresh != NEVER and find_program("systemd-analyze"):
            try:
                run_program(["systemd-analyze", "calendar", self._wanted.refresh])
            except ProgramError:
                problems.append(Problem("refresh", f"{self._wanted.refresh} is no calendar event of systemd.time(7)"))
        if problems:
            raise InvalidInput(problems)

    def _refuse_missing_programs(self) -> None:
        """Raise ProgramError for a program without which the tunnel cannot be split."""
        missing = [name for name in ("nft", "ip") if self._wanted.routes and not find_program(name)]
        if missing and not self._is_check:
            raise ProgramError(f"this host lacks the programs {' and '.join(missing)}: install nftables and iproute2")

    def _sweep(self) -> None:
        """Remove the fingerprint, and directories of ours in which nothing is left."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(loaded_path(self._name))
        for directory in (DIRECTORY, os.path.dirname(DIRECTORY), os.path.dirname(PROGRAM), *unit_folders(self._name)):
            with contextlib.suppress(OSError):  # there is something in it, or it is not there
                os.rmdir(directory)


def open_split_tunnel(wanted: SplitTunnel, _params: Mapping[str, Any], check_mode: bool) -> LinuxSplitTunnel:
    """Give the split tunnel of this host."""
    return LinuxSplitTunnel(wanted, check_mode)


def _reload_units(paths: Iterable[str]) -> None:
    if any(path.startswith(UNITS) for path in paths) and runs_systemd():
        systemctl("daemon-reload")


def _unlink(paths: Iterable[str]) -> None:
    for path in sorted(paths):
        os.unlink(path)


def _content(path: str) -> str:
    with open(path, "rb") as stream:
        return text_of(stream.read())
