# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host opens for its networks: what it forwards, accepts, translates and answers.

Rules of this file: pure. Clients are let through by pool and never one by one, so that a new client changes no rule.
The rendered form has the options of the modules linux_gateway and routeros_gateway.
"""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    Gateway,
    Network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.default_prefixes import (
    default_prefixes,
    families_let_out,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.reachability import Reached, users_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import carries_others
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES, Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import ALL_FIREWALLS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import sort_key


class Outbound(NamedTuple):
    """Who is let out to the internet, through which interface, and translated how."""

    source: Prefix
    out_interface: str
    translation: str


class Openings(NamedTuple):
    """All that a host opens for one network."""

    forwarding: tuple[int, ...] = ()  # IP versions that the host has to forward
    listen_ports: tuple[int, ...] = ()  # UDP ports at which others dial the host
    forward_pairs: tuple[tuple[Prefix, Prefix], ...] = ()  # what is behind the host, and what it reaches from there
    accept_from: tuple[Prefix, ...] = ()  # what may reach the host itself through the tunnel
    outbound: tuple[Outbound, ...] = ()
    clamp_mss: bool = False
    proxy_arp: tuple[str, ...] = ()
    proxy_ndp: tuple[tuple[str, Prefix], ...] = ()  # an interface, and an address for which the host answers there
    serve_dns: tuple[Prefix, ...] = ()
    firewall: str = ALL_FIREWALLS


def openings(network: Network, host: str, reached: Reached) -> Openings:
    """Give what a host opens."""
    member, gateway = network.members[host], network.gateways.get(host)
    pairs, forwarded = _forwarded(network, host, reached)
    outbound = () if gateway is None else tuple(_outbound(network, gateway))
    versions = {prefix.version for prefix in forwarded} | {each.source.version for each in outbound}
    found = Openings(
        forwarding=tuple(sorted(versions)),
        listen_ports=(member.port,) if member.dialable else (),
        forward_pairs=pairs,
        accept_from=network.pools if member.host_access else (),
        outbound=outbound,
        firewall=member.firewall,
    )
    if gateway is None:
        return found
    inside = sorted((prefix for prefix in reached.prefixes if _is_tunnel_host(network, prefix)), key=sort_key)
    return found._replace(
        clamp_mss=gateway.clamp_mss,
        proxy_arp=gateway.proxy_arp,
        proxy_ndp=tuple((name, prefix) for name in gateway.proxy_ndp for prefix in inside if prefix.version == 6),
        serve_dns=network.pools if gateway.serve_dns else (),
    )


def _is_tunnel_host(network: Network, prefix: Prefix) -> bool:
    return any(pool.contains(prefix) for pool in network.pools)


def _forwarded(
    network: Network, host: str, reached: Reached
) -> tuple[tuple[tuple[Prefix, Prefix], ...], frozenset[Prefix]]:
    """Give the pairs between which a host forwards, and all near ends of them."""
    member = network.members[host]
    far = reached.prefixes
    with_clients = bool(reached.all_clients)
    if with_clients:
        # The pools stand for everyone in them.
        far = frozenset(prefix for prefix in far if not _is_tunnel_host(network, prefix)) | {*network.pools}
    serves = with_clients and _is_first_server(network, host, reached)
    carries = carries_others(network, host) or serves
    near = far | {*member.routes} if carries else frozenset(member.routes)
    pairs = forward_pairs(near, far.union(default_prefixes(network, member)))
    if carries and with_clients:
        pairs += tuple((pool, pool) for pool in network.pools)
    return pairs, near


def _is_first_server(network: Network, host: str, reached: Reached) -> bool:
    return any(network.clients[name].via[0] == host for name in reached.clients)


def forward_pairs(local: Iterable[Prefix], remote: Iterable[Prefix]) -> tuple[tuple[Prefix, Prefix], ...]:
    """Pair each prefix with each other one of its IP version, sorted. Two that are on both sides are one pair."""
    near_ones, far_ones = set(local), set(remote)
    both = near_ones & far_ones
    return tuple(
        (near, far)
        for near in sorted(near_ones, key=sort_key)
        for far in sorted(far_ones, key=sort_key)
        if near.version == far.version
        and near != far
        and not (near in both and far in both and sort_key(far) < sort_key(near))
    )


def _outbound(network: Network, gateway: Gateway) -> Iterable[Outbound]:
    fixed = {6 if ":" in address else 4: address for address in gateway.snat}
    otherwise = "masquerade" if gateway.masquerade else "none"
    behind = (prefix for routes in users_of(network, gateway.name).values() for prefix in routes)
    versions = {FAMILIES[family] for family in families_let_out(network, gateway)}
    for source in sorted({*network.pools, *behind}, key=sort_key):
        if source.version in versions:
            yield Outbound(source, gateway.out_interface, fixed.get(source.version, otherwise))


def render_openings(found: Openings, interface: str) -> dict[str, Any]:
    """Give the options of a gateway. What is not there is not needed."""
    options: dict[str, Any] = {
        "forwarding": [f"ipv{version}" for version in found.forwarding],
        "listen_ports": list(found.listen_ports),
        "forward_pairs": [
            {"local": str(local), "remote": str(remote), "interface": interface}
            for local, remote in found.forward_pairs
        ],
    }
    more: dict[str, Any] = {
        "accept_from": _sources(found.accept_from, interface),
        "outbound": [
            {
                "source": str(each.source),
                "interface": interface,
                "out_interface": each.out_interface,
                "translation": each.translation,
            }
            for each in found.outbound
        ],
        "clamp_mss": [interface] if found.clamp_mss else [],
        "proxy_arp": list(found.proxy_arp),
        "proxy_ndp": [
            {"interface": name, "address": str(prefix).partition("/")[0]} for name, prefix in found.proxy_ndp
        ],
        "serve_dns": _sources(found.serve_dns, interface),
        "firewall": "" if found.firewall == ALL_FIREWALLS else found.firewall,
    }
    return {**options, **{name: value for name, value in more.items() if value}}


def _sources(prefixes: Iterable[Prefix], interface: str) -> list[dict[str, str]]:
    return [{"source": str(prefix), "interface": interface} for prefix in prefixes]
