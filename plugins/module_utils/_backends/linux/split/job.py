# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Linux host does for one split tunnel, as it is kept on the host, and what follows from it.

Rules of this file: no I/O; equal jobs give equal text. The job is all that the program which runs without Ansible
knows, at boot and when it refreshes the set.

How packets find their way. A connection that begins on this host or is forwarded by it, and leads into the set (with
`except`, out of it), gets our mark. Marked packets look into our table, whose default route leads through the
interface, but first into the main one for something narrower than everything. So what is directly connected stays
reachable. The answers of a connection that came in from elsewhere are not marked, and those of one that came in through
the interface are: each goes back the way it came. The tunnel's own packets are told by its mark or its port. A packet
of this host that is marked has the source address of the route that it would have taken, hence the masquerading.

Why a set and marks and not routes: 30,000 prefixes are replaced in one transaction (0.3 s, as long as it takes to add
as many routes one by one), there is no moment with half a set, and routes cannot tell an answer from a question.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Iterator, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    MARK_MASK,
    SplitTunnel,
    read_split_tunnel,
    whole_set,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import EXCEPT

DIRECTORY = "/var/lib/wgfleet/split"
PRIORITY = 30870  # before those that wg-quick and its like choose, which count down from 32765


@dataclass(frozen=True)
class Job:
    """A split tunnel and what was found on the host: the tunnel's port and mark, and the switch that we loosened."""

    tunnel: SplitTunnel
    families: tuple[str, ...] = ()
    listen_port: int = 0
    fwmark: int = 0
    strict: int | None = None  # rp_filter of the interface before us, where it would drop what comes back
    resolver: str = ""


def job_path(interface: str) -> str:
    """Give the path of the job's file."""
    return f"{DIRECTORY}/{interface}.json"


def lock_of(interface: str) -> str:
    """Give the name of the lock that is held while files and kernel are written, and never while something is awaited.

    It makes a run, the service at boot, the one that loads the set, and a refresh wait for each other.
    """
    return f"split-{interface}"


def set_path(interface: str) -> str:
    """Give the path of what was fetched last, aggregated."""
    return f"{DIRECTORY}/{interface}.prefixes"


def table_path(interface: str) -> str:
    """Give the path of the packet filter's table, as it was loaded and is loaded at boot."""
    return f"{DIRECTORY}/{interface}.nft"


def loaded_path(interface: str) -> str:
    """Give the path of the fingerprint of the table as the kernel had it after it was loaded."""
    return f"{DIRECTORY}/{interface}.loaded"


def table_name(interface: str) -> str:
    """Give the name of our table: what no name in nftables may hold is spelled out."""
    return "wgfleet_split_" + "".join(each if each.isalnum() else f"_{ord(each):02x}" for each in interface)


def render_job(job: Job) -> str:
    """Give the text of the job's file."""
    words = asdict(job)
    tunnel = words["tunnel"]
    tunnel.update(
        prefixes=[str(prefix) for prefix in job.tunnel.prefixes],
        rir=[each._asdict() for each in job.tunnel.rir],
        dns=[each._asdict() for each in job.tunnel.dns],
        mark=f"{job.tunnel.mark:#x}",
    )
    return json.dumps(words, indent=1, sort_keys=True) + "\n"


def parse_job(text: str, path: str) -> Job:
    """Parse the text of the job's file. Raises DeviceError."""
    try:
        words = json.loads(text)
        tunnel = read_split_tunnel(words.pop("tunnel"))
        return replace(Job(tunnel, **words), families=tuple(words["families"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DeviceError(f"{path} is damaged: remove it and run again") from None


def same_sources(one: SplitTunnel, other: SplitTunnel) -> bool:
    """Tell whether both fetch the same."""
    return (one.files, one.rir) == (other.files, other.rir)


def rules_of(job: Job) -> tuple[str, ...]:
    """Give the policy rules, in the words of ip-rule(8), each with its family."""
    if not job.tunnel.routes:
        return ()
    mark = f"fwmark {job.tunnel.mark:#x}/{MARK_MASK:#x}"
    ways = (
        f"priority {PRIORITY} {mark} suppress_prefixlength 0 table main",
        f"priority {PRIORITY + 1} {mark} table {job.tunnel.table}",
    )
    return tuple(f"-{FAMILIES[family]} {way}" for family in job.families for way in ways)


def routes_of(job: Job) -> tuple[str, ...]:
    """Give the routes, in the words of ip-route(8), each with its family."""
    if not job.tunnel.routes:
        return ()
    where = f"default dev {job.tunnel.interface} table {job.tunnel.table}"
    return tuple(f"-{FAMILIES[family]} {where}" for family in job.families)


def render_table(job: Job, fetched: Sequence[Prefix]) -> str:
    """Give the table of the packet filter, in the language of nft(8), as one transaction that replaces it."""
    prefixes = whole_set(job.tunnel, fetched)
    name = table_name(job.tunnel.interface)
    lines = [f"table inet {name}", f"delete table inet {name}", f"table inet {name} {{"]
    lines += _chains(job)
    for version in _versions(job):
        lines += _set(version, [prefix for prefix in prefixes if prefix.version == version])
    return "\n".join([*lines, "}", ""])


def _versions(job: Job) -> Iterator[int]:
    return (FAMILIES[family] for family in job.families)


def _set(version: int, prefixes: Sequence[Prefix]) -> Iterator[str]:
    yield f"\tset prefixes{version} {{"
    yield f"\t\ttype ipv{version}_addr"
    yield "\t\tflags interval"
    if prefixes:
        yield "\t\telements = { " + ",\n\t\t\t".join(map(str, prefixes)) + " }"
    yield "\t}"


def _chains(job: Job) -> Iterator[str]:
    interface, others = f'"{job.tunnel.interface}"', ~MARK_MASK & 0xFFFFFFFF
    mark = f"& {others:#010x} | {job.tunnel.mark:#010x}"
    unequal = "!= " if job.tunnel.mode == EXCEPT else ""
    words = {4: "ip", 6: "ip6"}
    yield "\tchain mark_packets {"
    yield f"\t\tct direction reply ct mark & {MARK_MASK:#x} == {job.tunnel.mark:#x} meta mark set meta mark {mark}"
    yield "\t\tct direction reply return"
    yield "\t\tfib daddr type != unicast return"
    for version in _versions(job):
        yield f"\t\t{words[version]} daddr {unequal}@prefixes{version} meta mark set meta mark {mark}"
    yield "\t}"
    yield "\tchain output {"
    yield "\t\ttype route hook output priority mangle;"
    if job.fwmark:
        yield f"\t\tmeta mark {job.fwmark:#x} return"
    if job.listen_port:
        yield f"\t\tudp sport {job.listen_port} return"
    yield "\t\tjump mark_packets"
    yield "\t}"
    yield "\tchain prerouting {"
    yield "\t\ttype filter hook prerouting priority mangle;"
    yield f"\t\tiifname {interface} ct direction original ct mark set ct mark {mark}"
    yield f"\t\tiifname != {interface} jump mark_packets"
    yield "\t}"
    yield "\tchain postrouting {"
    yield "\t\ttype nat hook postrouting priority srcnat;"
    marked = f"meta mark & {MARK_MASK:#x} == {job.tunnel.mark:#x}"
    yield f"\t\toifname {interface} {marked} fib saddr type local masquerade"
    yield "\t}"
