# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the wish that a host's default traffic goes through a tunnel to routes, rules and switches.

Rules of this file: pure; the same facts and record give the same redirection, so that a second run finds nothing to do.
The tunnel's own packets and replies to whom came in by the uplink keep the old way: a run over that way is not cut off.
What the user desires of routes, rules and the mark beside it is merged in, so that the planner compares one set.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DefaultRoute,
    DesiredInterface,
    DesiredPeer,
    Partial,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    MAIN_TABLE,
    Interface,
    KillSwitch,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

METHODS = ("none", "fwmark", "rule", "halves", "replace")
# Lets a packet's mark count where the kernel asks whether its source leads back (ip-sysctl.rst, src_valid_mark).
SOURCE_VALID_MARK = "net.ipv4.conf.all.src_valid_mark"

DEFAULTS: Mapping[int, Prefix] = {4: parse_prefix("0.0.0.0/0"), 6: parse_prefix("::/0")}
_HALVES: Mapping[int, tuple[Prefix, ...]] = {
    4: (parse_prefix("0.0.0.0/1"), parse_prefix("128.0.0.0/1")),
    6: (parse_prefix("::/1"), parse_prefix("8000::/1")),
}
# The best that there is, so that a default route which the uplink gets later does not win. IPv6 has no better one.
_BEST_METRIC: Mapping[int, int] = {4: 0, 6: 1}
_UNSET_METRIC: Mapping[int, int] = {4: 0, 6: 1024}  # what the kernel makes of a missing one
# Of the old default route in a table that is the tunnel's by other methods: both stand there while one follows another.
_OLD_WAY_METRIC = 2048
_ADVERTISED = 9  # RTPROT_RA, linux/rtnetlink.h: comes back with the next advertisement, so it is left where it is
_OLD_WAY, _REPLIES, _SPECIFIC, _TUNNEL = 5181, 5183, 5184, 5185  # priorities of rules; the lowest comes first
_FAMILY: Mapping[int, str] = {4: "IPv4", 6: "IPv6"}

Resolve = Callable[[Endpoint], str]


class Uplinks(NamedTuple):
    """What a host has beside the interface: its own routes of the main table, and its lasting global addresses."""

    routes: frozenset[UplinkRoute] = frozenset()
    addresses: Mapping[str, frozenset[InterfaceAddress]] = {}
    switched_on: frozenset[str] = frozenset()  # by whomever
    claimed: frozenset[str] = frozenset()  # switches that other interfaces have turned on


class _Case(NamedTuple):
    """What the methods need to know."""

    option: DefaultRoute
    versions: tuple[int, ...]
    mark: int
    hosts: frozenset[Prefix]  # endpoints of the gateway
    uplinks: Uplinks
    displaced: frozenset[UplinkRoute]  # already


def redirected(
    desired: DesiredInterface, observed: Interface, uplinks: Callable[[], Uplinks], resolve: Resolve
) -> DesiredInterface:
    """Give the desired state with its default route in routes, rules, mark and redirection.

    `uplinks` is called only where it is needed, and `resolve` gives the address of an endpoint. Raises InvalidInput.
    """
    option, recorded = desired.default_route, observed.recorded
    if not desired.present:
        return desired
    if isinstance(option, Unset):
        return _beside(desired, recorded.routes & observed.routes, recorded.rules & observed.rules)
    if option.method == "none":
        made, mark = Redirection(), _mark_without(desired, observed)
    else:
        made, mark = _made(desired, option, observed, uplinks(), resolve)
    routes = given(desired.routes, observed.routes - recorded.routes) | made.routes
    rules = given(desired.rules, observed.rules - recorded.rules) | made.rules
    return replace(desired, routes=routes, rules=rules, fwmark=mark, redirection=made)


def superseded(old: UplinkRoute, current: Iterable[UplinkRoute]) -> bool:
    """Tell whether a default route has been followed by another one of its place."""
    return any(_place(old) == _place(each) and old != each for each in current)


def _place(route: UplinkRoute) -> tuple[int, str, int]:
    return (route.destination.version, route.device, route.metric)


def _beside(desired: DesiredInterface, routes: frozenset[Route], rules: frozenset[Rule]) -> DesiredInterface:
    """Leave a default route alone that is not spoken of, where the complete lists of routes and rules are."""
    return replace(
        desired,
        routes=desired.routes if isinstance(desired.routes, Unset) else desired.routes | routes,
        rules=desired.rules if isinstance(desired.rules, Unset) else desired.rules | rules,
    )


def _mark_without(desired: DesiredInterface, observed: Interface) -> Partial[int]:
    """Give the mark of an interface that needs none for us any more."""
    ours = observed.recorded.fwmark
    return 0 if isinstance(desired.fwmark, Unset) and ours and observed.fwmark == ours else desired.fwmark


def _mark_with(desired: DesiredInterface, observed: Interface, table: int) -> tuple[int, int]:
    """Give the mark of an interface that needs one, and the same again where we have chosen it."""
    if not isinstance(desired.fwmark, Unset):
        return desired.fwmark, 0
    if observed.fwmark not in (0, observed.recorded.fwmark):
        return observed.fwmark, 0
    return table, table


def _made(
    desired: DesiredInterface, option: DefaultRoute, observed: Interface, uplinks: Uplinks, resolve: Resolve
) -> tuple[Redirection, Partial[int]]:
    needs_mark = option.method == "fwmark" or option.kill_switch
    mark, chosen = _mark_with(desired, observed, option.table) if needs_mark else (0, 0)
    gateways = _gateways(desired, observed)
    versions = given(option.versions, frozenset(gateways))
    problems = [*_unmet(desired, observed, gateways, versions)]
    if needs_mark and not mark:
        problems.append(Problem("fwmark", "must be more than 0 for this default_route"))
    hosts = _endpoints(desired, observed, gateways, resolve) if option.method != "fwmark" and not problems else None
    if hosts is not None and not hosts:
        sentence = "the gateway has no endpoint, and only the method fwmark can do without"
        problems.append(Problem("default_route.method", sentence))
    case = _Case(option, tuple(sorted(versions)), mark, hosts or frozenset(), uplinks, observed.recorded.displaced)
    if not problems:
        problems += _dead_ends(case)
    if problems:
        raise InvalidInput(problems)
    kill_switch = KillSwitch(mark, option.keep) if option.kill_switch else None
    goes_up = given(desired.up, observed.up or not observed.exists)
    made = _METHODS[option.method](case) if goes_up else Redirection()
    switches = made.switches & (observed.recorded.switches | uplinks.claimed | (made.switches - uplinks.switched_on))
    made = replace(made, fwmark=chosen, switches=switches, kill_switch=kill_switch)
    return made, mark if needs_mark else _mark_without(desired, observed)


def _gateways(desired: DesiredInterface, observed: Interface) -> dict[int, PublicKey]:
    """Give the peer that will carry the default prefix of each version."""
    named = {peer.public_key: peer for peer in desired.peers}
    carried = {key: _allowed(peer, observed) for key, peer in named.items() if peer.present}
    if not desired.purge_peers:
        carried.update((key, peer.allowed_ips) for key, peer in observed.peers.items() if key not in named)
    return {
        version: key for version, prefix in DEFAULTS.items() for key, prefixes in carried.items() if prefix in prefixes
    }


def _allowed(peer: DesiredPeer, observed: Interface) -> frozenset[Prefix]:
    known = observed.peers.get(peer.public_key)
    return given(peer.allowed_ips, known.allowed_ips if known else frozenset())


def _unmet(
    desired: DesiredInterface, observed: Interface, gateways: Mapping[int, PublicKey], versions: frozenset[int]
) -> Iterator[Problem]:
    """Give what an interface lacks to carry these versions of the Internet Protocol."""
    if not versions:
        yield Problem("default_route", "no peer of this interface has 0.0.0.0/0 or ::/0 in its allowed_ips")
    held = {address.version for address in given(desired.addresses, observed.addresses)}
    for version in sorted(versions):
        if version not in gateways:
            sentence = f"no peer of this interface has {DEFAULTS[version]} in its allowed_ips"
            yield Problem("default_route.families", sentence)
        elif version not in held:
            sentence = f"the interface has no {_FAMILY[version]} address that its packets could come from"
            yield Problem("default_route.families", sentence)


def _endpoints(
    desired: DesiredInterface, observed: Interface, gateways: Mapping[int, PublicKey], resolve: Resolve
) -> frozenset[Prefix]:
    """Give the addresses at which the gateway is, or will be after this run."""
    wished = {peer.public_key: peer.endpoint for peer in desired.peers}
    found = set()
    for key in gateways.values():
        known, wish = observed.peers.get(key), wished.get(key, UNSET)
        current = known.current_endpoint or known.endpoint if known else None
        if not isinstance(wish, Unset) and (known is None or wish != known.endpoint):
            current = wish
        if current is not None:
            found.add(_host(resolve(current)))
    return frozenset(found)


def _host(address: str) -> Prefix:
    packed = ipaddress.ip_address(address.partition("%")[0]).packed
    return Prefix(packed, len(packed) * 8)


def _dead_ends(case: _Case) -> Iterator[Problem]:
    """Give what keeps the tunnel's own packets from leaving the host beside the tunnel."""
    if case.option.method not in ("halves", "replace"):
        return
    for host in sorted(_uncovered(case)):
        if host.version not in _ways(case):
            sentence = (
                f"there is no usable {_FAMILY[host.version]} default route by which the gateway at "
                f"{host.network.network_address} could be reached beside the tunnel"
            )
            yield Problem("default_route.method", sentence)
    for version in case.versions if case.option.method == "replace" else ():
        if any(route.destination == DEFAULTS[version] and not route.device for route in case.uplinks.routes):
            sentence = f"the {_FAMILY[version]} default route is of a kind that could not be put back: use fwmark"
            yield Problem("default_route.method", sentence)


def _uncovered(case: _Case) -> frozenset[Prefix]:
    """Give the endpoints that need a route of their own, because only the default route leads there."""
    specific = [route.destination for route in case.uplinks.routes if route.destination.length > 1]
    hosts = (host for host in case.hosts if host.version in case.versions)
    return frozenset(host for host in hosts if not any(prefix.contains(host) for prefix in specific))


def _defaults(case: _Case, version: int) -> list[UplinkRoute]:
    """Give the default routes of the host, and those that it had before us, the best one first."""
    now = [each for each in case.uplinks.routes if each.destination == DEFAULTS[version]]
    before = [each for each in case.displaced if each.destination == DEFAULTS[version] and not superseded(each, now)]
    usable = {each for each in (*now, *before) if each.device}
    return sorted(usable, key=lambda each: (each.metric or _UNSET_METRIC[version], each))


def _ways(case: _Case) -> dict[int, UplinkRoute]:
    found = {version: _defaults(case, version) for version in FAMILIES.values()}
    return {version: routes[0] for version, routes in found.items() if routes}


def _along(way: UplinkRoute, destination: Prefix, table: int = MAIN_TABLE) -> UplinkRoute:
    return way._replace(destination=destination, table=table, metric=0, protocol=0)


def _own_addresses(case: _Case, devices: Iterable[str], version: int) -> list[Prefix]:
    held = (address for device in devices for address in case.uplinks.addresses.get(device, ()))
    return sorted({address.host for address in held if address.version == version})


def _kept(case: _Case, version: int) -> list[Prefix]:
    return sorted(prefix for prefix in case.option.keep if prefix.version == version)


def _table_rules(case: _Case) -> Iterator[Rule]:
    """Give the rules that fwmark and rule share: what is to keep the old way looks up the main table."""
    for version in case.versions:
        devices = {route.device for route in _defaults(case, version)}
        for prefix in _kept(case, version):
            yield Rule(version, _OLD_WAY, MAIN_TABLE, destination=prefix)
        for prefix in _own_addresses(case, devices, version):
            yield Rule(version, _REPLIES, MAIN_TABLE, source=prefix)
        yield Rule(version, _SPECIFIC, MAIN_TABLE, suppress_prefixlength=0)


def _table_routes(case: _Case) -> frozenset[Route]:
    return frozenset(Route(DEFAULTS[version], case.option.table) for version in case.versions)


def _by_mark(case: _Case) -> Redirection:
    tunnel = {Rule(version, _TUNNEL, case.option.table, case.mark, invert=True) for version in case.versions}
    switches = frozenset({SOURCE_VALID_MARK} if 4 in case.versions else ())
    return Redirection(_table_routes(case), frozenset({*_table_rules(case), *tunnel}), switches=switches)


def _by_rule(case: _Case) -> Redirection:
    endpoints = {
        Rule(host.version, _OLD_WAY, MAIN_TABLE, destination=host)
        for host in case.hosts
        if host.version in case.versions
    }
    tunnel = {Rule(version, _TUNNEL, case.option.table) for version in case.versions}
    return Redirection(_table_routes(case), frozenset({*_table_rules(case), *endpoints, *tunnel}))


def _around(case: _Case, suppressed: int) -> Redirection:
    """Give what halves and replace share: the old default route lives on in a table for what keeps the old way."""
    ways, table = _ways(case), case.option.table
    detours = {_along(ways[host.version], host) for host in _uncovered(case)}
    rules = set()
    for version in sorted(ways.keys() & set(case.versions)):
        way = ways[version]
        detours.add(_along(way, DEFAULTS[version], table)._replace(metric=_OLD_WAY_METRIC))
        # For each, first what the main table has that is more specific, then the old default route.
        for prefix in _kept(case, version):
            rules.add(Rule(version, _OLD_WAY, table, destination=prefix))
            rules.add(Rule(version, _OLD_WAY - 1, MAIN_TABLE, destination=prefix, suppress_prefixlength=suppressed))
        for prefix in _own_addresses(case, (way.device,), version):
            rules.add(Rule(version, _REPLIES, table, source=prefix))
            rules.add(Rule(version, _REPLIES - 1, MAIN_TABLE, source=prefix, suppress_prefixlength=suppressed))
    return Redirection(rules=frozenset(rules), detours=frozenset(detours))


def _by_halves(case: _Case) -> Redirection:
    routes = frozenset(Route(prefix) for version in case.versions for prefix in _HALVES[version])
    return replace(_around(case, 1), routes=routes)


def _by_replacement(case: _Case) -> Redirection:
    routes = frozenset(Route(DEFAULTS[version], metric=_BEST_METRIC[version]) for version in case.versions)
    displaced = (route for version in case.versions for route in _defaults(case, version))
    lasting = frozenset(route for route in displaced if route.protocol != _ADVERTISED)
    return replace(_around(case, 0), routes=routes, displaced=lasting)


_METHODS: Mapping[str, Callable[[_Case], Redirection]] = {
    "fwmark": _by_mark,
    "rule": _by_rule,
    "halves": _by_halves,
    "replace": _by_replacement,
}
