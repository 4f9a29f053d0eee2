# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What loads the packet filter of a gateway at boot: a script, and where there is systemd, a unit that runs it.

Rules of this file: pure. The script can run at any time and any number of times, and leaves the same. The unit comes
after the services that load rules of others, and again whenever one of these is started, restarted or reloaded, since
that takes away what they have not loaded themselves. Firewalls that keep what they are told are not in it. Packets are
filtered and translated before there is a network; neighbours need interfaces, and have a unit of their own, for later.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Iterable, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import iptables_text, nft_chains
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import TAG
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import Statement
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_table import encode_table
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    Entry,
    Opening,
    ProxyNdp,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import PUBLIC_MODE, File

DIRECTORY = "/etc/wgfleet"
_UNITS = "/etc/systemd/system"
# They load the rules of a host as a whole, on Debian and on Red Hat.
_LOADERS = ("nftables", "netfilter-persistent", "iptables", "ip6tables")
_TARGET, _LATE_TARGET = "sysinit.target", "multi-user.target"
_EARLY = "filter"  # the script's argument for what needs no interface
_PATIENCE = 30  # seconds for an interface to appear
_END = "END_OF_RULES"
_PROXY = "ip -6 neigh replace proxy {0} dev {1} || failed=1"
_PROXIES = re.compile(r"^ip -6 neigh replace proxy (\S+) dev (.+) \|\| failed=1$", re.MULTILINE)


def script_path(user: str) -> str:
    """Give the path of the script."""
    return f"{DIRECTORY}/gateway-{user}.sh"


def unit_name(user: str) -> str:
    """Give the name of the unit."""
    return f"wgfleet-gateway-{user}.service"


def unit_path(user: str) -> str:
    """Give the path of the unit."""
    return f"{_UNITS}/{unit_name(user)}"


def late_unit_path(user: str) -> str:
    """Give the path of the unit for the neighbours."""
    return f"{_UNITS}/wgfleet-neighbours-{user}.service"


def paths_of(user: str) -> tuple[str, ...]:
    """Give all paths at which files of a user may stand."""
    return (script_path(user), unit_path(user), *_links(user), late_unit_path(user), _late_link(user))


def boot_files(user: str, entries: Sequence[Entry], with_systemd: bool) -> Mapping[str, File]:
    """Tell which files shall stand, by path."""
    script = "\n".join(_script(user, entries))
    if not script:
        return {}
    files = {script_path(user): File.of_text(script)}
    if with_systemd:
        files[unit_path(user)] = File.of_text(_unit(user), PUBLIC_MODE)
        files.update({link: File.link_to(unit_path(user)) for link in _links(user)})
        if any(isinstance(entry, ProxyNdp) for entry in entries):
            files[late_unit_path(user)] = File.of_text(_late_unit(user), PUBLIC_MODE)
            files[_late_link(user)] = File.link_to(late_unit_path(user))
    return files


def neighbours_in(script: str) -> set[ProxyNdp]:
    """Give the addresses for which a script makes the host answer."""
    return {ProxyNdp(shlex.split(interface)[0], address) for address, interface in _PROXIES.findall(script)}


def transaction(commands: Iterable[Statement]) -> str:
    """Give what `nft -j -f -` reads, with one command on each line."""
    lines = ",\n".join(json.dumps(command, sort_keys=True) for command in commands)
    return f'{{"nftables": [\n{lines}\n]}}\n'


def _links(user: str) -> tuple[str, ...]:
    starters = (_TARGET, *(f"{loader}.service" for loader in _LOADERS))
    return tuple(f"{_UNITS}/{starter}.wants/{unit_name(user)}" for starter in starters)


def _late_link(user: str) -> str:
    return f"{_UNITS}/{_LATE_TARGET}.wants/{late_unit_path(user).rpartition('/')[2]}"


def _script(user: str, entries: Sequence[Entry]) -> Iterator[str]:
    own = [entry for entry in entries if not isinstance(entry, ProxyNdp) and not _firewall(entry)]
    others = [entry for entry in entries if isinstance(entry, Opening) and _is_loaded_here(entry.firewall)]
    neighbours = [entry for entry in entries if isinstance(entry, ProxyNdp)]
    if not (own or others or neighbours):
        return
    yield "#!/bin/sh"
    yield MANAGED
    yield f"# Loads what the gateway {user} needs. It can be run at any time."
    yield "PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    yield "failed=0"
    if own:
        yield from _nft("nft -j -f -", encode_table(user, own))
    for firewall in dict.fromkeys(entry.firewall for entry in others):
        chosen = [entry for entry in others if entry.firewall == firewall]
        yield from _chain_lines(firewall, chosen, user)
    if neighbours:
        yield f'[ "${{1-}}" != {_EARLY} ] || exit $failed'
    for interface in dict.fromkeys(shlex.quote(entry.interface) for entry in neighbours):
        yield f"for second in $(seq {_PATIENCE}); do [ -e /sys/class/net/{interface} ] && break; sleep 1; done"
    for entry in neighbours:
        yield _PROXY.format(entry.address, shlex.quote(entry.interface))
    yield "exit $failed"
    yield ""


def _chain_lines(firewall: str, openings: Sequence[Opening], user: str) -> Iterator[str]:
    if firewall.startswith(nft_chains.PREFIX):
        chain = shlex.join(nft_chains.chain_words(firewall))
        tag = shlex.quote(f'comment "{TAG}{user}"')
        commands = [nft_chains.encode_first(opening, user) for opening in reversed(openings)]
        yield from _nft(f"nft list chain {chain} 2>/dev/null | grep -qF {tag} || nft -j -f -", commands)
        return
    for opening in reversed(openings):
        chain, rule = iptables_text.chain_of(opening), shlex.join(iptables_text.render(opening, user))
        yield f"{firewall} -w -C {chain} {rule} 2>/dev/null || {firewall} -w -I {chain} {rule} || failed=1"


def _nft(command: str, commands: Sequence[Statement]) -> Iterator[str]:
    yield f"{command} <<'{_END}' || failed=1"
    yield transaction(commands) + _END


def _unit(user: str) -> str:
    loaders = " ".join(f"{loader}.service" for loader in _LOADERS)
    command = f"/bin/sh {script_path(user)} {_EARLY}"
    lines = [
        MANAGED,
        "[Unit]",
        f"Description=Packet filter of the gateway {user}",
        "DefaultDependencies=no",
        f"After={loaders} local-fs.target",
        "Wants=network-pre.target",
        "Before=network-pre.target shutdown.target",
        "Conflicts=shutdown.target",
        f"PartOf={loaders}",
        f"ReloadPropagatedFrom={loaders}",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"ExecStart={command}",
        f"ExecReload={command}",
        "",
        "[Install]",
        f"WantedBy={_TARGET} {loaders}",
        "",
    ]
    return "\n".join(lines)


def _late_unit(user: str) -> str:
    lines = [
        MANAGED,
        "[Unit]",
        f"Description=Neighbours for which the gateway {user} answers",
        "After=network.target",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"ExecStart=/bin/sh {script_path(user)}",
        "",
        "[Install]",
        f"WantedBy={_LATE_TARGET}",
        "",
    ]
    return "\n".join(lines)


def _firewall(entry: Entry) -> str:
    return entry.firewall if isinstance(entry, Opening) else ""


def _is_loaded_here(firewall: str) -> bool:
    return firewall.startswith((nft_chains.PREFIX, "iptables-", "ip6tables-"))
