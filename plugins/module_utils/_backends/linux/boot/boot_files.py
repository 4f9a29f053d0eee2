# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files shall stand on a Linux host for an interface, and what is in them.

Rules of this file: pure; equal interfaces give equal text; what a file brings up at boot is the state that it was made
from, with our mark on each route and rule; a file holds declared endpoints, never those to which a peer has roamed.
"""

from __future__ import annotations

import re
from typing import Callable, Iterator, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.networkd_text import (
    render_netdev,
    render_network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.record import render_record
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import (
    files as redirection_files,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED, ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.records import records_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    MAIN_TABLE,
    File,
    Interface,
    Peer,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import (
    AllowedIp,
    QuickConfig,
    QuickPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import render
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    SecretText,
)

NETWORKD_USER = "systemd-network"  # systemd-networkd gives up root before it reads its files

_INSTANCE = re.compile(r"^[A-Za-z0-9_.:-]+$", re.ASCII)  # what systemd.unit(5) needs no escape for


def quick_path(name: str) -> str:
    """Give the path of the wg-quick file."""
    return f"/etc/wireguard/{name}.conf"


def start_path(name: str) -> str:
    """Give the path of the link by which systemd starts wg-quick at boot."""
    return f"/etc/systemd/system/multi-user.target.wants/wg-quick@{name}.service"


def netdev_path(name: str) -> str:
    """Give the path of systemd-networkd's file for the device."""
    return f"/etc/systemd/network/50-wgfleet-{name}.netdev"


def network_path(name: str) -> str:
    """Give the path of systemd-networkd's file for addresses and routes."""
    return f"/etc/systemd/network/50-wgfleet-{name}.network"


def record_path(name: str, netns: str | None = None) -> str:
    """Give the path of the record."""
    return f"{records_of(netns)}/{name}.json"


def paths_of(name: str, netns: str | None = None) -> tuple[str, ...]:
    """Give all paths at which files of an interface may stand; in another network namespace that of its record."""
    if netns is not None:
        return (record_path(name, netns),)
    redirection = (
        redirection_files.switches_path,
        redirection_files.rules_path,
        redirection_files.unit_path,
    )
    paths = (path(name) for path in (quick_path, start_path, netdev_path, network_path, *redirection, record_path))
    return (*paths, *redirection_files.unit_link_paths(name))


def marked_path(name: str, path: str) -> str:
    """Give the path of the file whose mark tells whose a file is: a link has no text of its own."""
    links = {
        start_path(name): quick_path(name),
        **{link: redirection_files.unit_path(name) for link in redirection_files.unit_link_paths(name)},
    }
    return links.get(path, path)


def files_for(interface: Interface, quick_unit: str | None = None, netns: str | None = None) -> Mapping[str, File]:
    """Tell which files shall stand for the interface, by absolute path. Raises PersistenceError.

    `quick_unit` is the path of systemd's unit wg-quick@.service on this host, None where there is no such unit: then
    nothing is linked, and the host's own init system has to start the file. What a boot brings up is never in another
    network namespace, `netns`: of an interface there, the record stands alone.
    """
    if not interface.exists:
        return {}
    record = {record_path(interface.name, netns): File.of_text(render_record(interface))}
    if netns is not None:
        return record
    files = {**_PERSISTENCE[interface.persist](interface, quick_unit)}
    if files:
        systemd = quick_unit is not None or interface.persist == "networkd"
        files.update(redirection_files.files_beside(interface, systemd))
    return {**files, **record}


def render_quick(interface: Interface) -> SecretText:
    """Render the wg-quick file. Raises PersistenceError."""
    config = QuickConfig(
        private_key=interface.private_key if isinstance(interface.private_key, PrivateKey) else None,
        listen_port=interface.listen_port or None,
        fwmark=interface.fwmark or None,
        peers=tuple(_quick_peer(interface.peers[key]) for key in sorted(interface.peers)),
        addresses=tuple(sorted(interface.addresses)),
        mtu=interface.mtu or None,
        table="off",  # wg-quick's own routes would not bear our mark
        pre_up=tuple(redirection_files.before_up(interface)),
        post_up=(
            *redirection_files.before_routes(interface),
            *(_add_route(route) for route in sorted(interface.routes)),
            *(command for rule in _sorted(interface.rules) for command in _add_rule(rule)),
            *redirection_files.after_routes(interface),
        ),
        pre_down=(
            *redirection_files.before_down(interface),
            *(_remove_rule(rule) for rule in _sorted(interface.rules)),
        ),
        post_down=tuple(redirection_files.after_down(interface)),
    )
    try:
        return SecretText((MANAGED + "\n\n" + render(config).reveal()).encode())
    except InvalidInput as error:
        raise PersistenceError(f"no wg-quick file can hold {interface.name}: {error}") from None


def _quick_files(interface: Interface, quick_unit: str | None) -> Mapping[str, File]:
    name = interface.name
    files = {quick_path(name): File(render_quick(interface))}
    # wg-quick always sets the link up, so what is to be down is not started at boot.
    if quick_unit and interface.up:
        if not _INSTANCE.match(name):
            raise PersistenceError(f"systemd cannot start wg-quick for {name}: its name has characters to be escaped")
        files[start_path(name)] = File.link_to(quick_unit)
    return files


def _networkd_files(interface: Interface, _quick_unit: str | None) -> Mapping[str, File]:
    return {
        netdev_path(interface.name): File.of_text(render_netdev(interface), owner=NETWORKD_USER),
        network_path(interface.name): File.of_text(render_network(interface), owner=NETWORKD_USER),
    }


_PERSISTENCE: dict[str, Callable[[Interface, str | None], Mapping[str, File]]] = {
    "none": lambda _interface, _quick_unit: {},
    "wg_quick": _quick_files,
    "networkd": _networkd_files,
}


def _quick_peer(peer: Peer) -> QuickPeer:
    return QuickPeer(
        public_key=peer.public_key,
        preshared_key=peer.preshared_key if isinstance(peer.preshared_key, PresharedKey) else None,
        allowed_ips=tuple(AllowedIp(prefix) for prefix in sorted(peer.allowed_ips)),
        endpoint=peer.endpoint,
        persistent_keepalive=peer.persistent_keepalive or None,
        name=peer.name or None,
    )


def _add_route(route: Route) -> str:
    table = f" table {route.table}" if route.table != MAIN_TABLE else ""
    metric = f" metric {route.metric}" if route.metric else ""
    family = route.destination.version
    return f"ip -{family} route replace {route.destination} dev %i proto {ROUTE_PROTOCOL}{table}{metric}"


def _add_rule(rule: Rule) -> Iterator[str]:
    # An equal rule may have outlived the interface, and rules are told apart by no number of their own.
    yield f"ip -{rule.version} rule del {_selectors(rule)} 2>/dev/null || true"
    yield f"ip -{rule.version} rule add {_selectors(rule)}"


def _remove_rule(rule: Rule) -> str:
    return f"ip -{rule.version} rule del {_selectors(rule)} || true"


def _selectors(rule: Rule) -> str:
    words = ["not"] if rule.invert else []
    words += ["from", str(rule.source) if rule.source else "all"]
    if rule.destination:
        words += ["to", str(rule.destination)]
    if rule.fwmark:
        words += ["fwmark", hex(rule.fwmark)]
    words += ["priority", str(rule.priority), "table", str(rule.table)]
    if rule.suppress_prefixlength is not None:
        words += ["suppress_prefixlength", str(rule.suppress_prefixlength)]
    return " ".join((*words, "protocol", str(ROUTE_PROTOCOL)))


def _sorted(rules: frozenset[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.version, rule.priority, _selectors(rule)))
