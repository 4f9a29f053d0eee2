# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host, as options of modules.

Rules of this file: pure; `interface` has the options of linux_interface or routeros_interface, and what the other
platform does not have is left out. With preshared keys, the result holds secrets, as base64: it is the caller's
business to keep it quiet.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredPeer, given
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import DEFAULT_MTU
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    ROOT,
    Member,
    Split,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_openings import (
    Openings,
    render_openings,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.host_plan import Handout, HostNetwork
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import ALL_FIREWALLS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.prefix_set import sort_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)

LINUX, ROUTEROS = "linux", "routeros"
HOST_PLATFORMS = (LINUX, ROUTEROS)
_INTERFACE_NAMES = {LINUX: parse_interface_name, ROUTEROS: parse_router_interface_name}


def platform_problems(items: Iterable[HostNetwork], platform: str) -> Iterator[Problem]:
    """Find what the declaration asks of a host that its platform is not asked for, or does not have."""
    for item in items:
        if item.member is None:
            continue
        yield from _name_problems(item.openings, f"{ROOT}.{item.network}.gateways.{item.member.name}", platform)
        if platform == ROUTEROS:
            yield from _router_problems(item.member, f"{ROOT}.{item.network}.members.{item.member.name}")


def _name_problems(found: Openings, place: str, platform: str) -> Iterator[Problem]:
    """Find names that no interface of a gateway's platform can have."""
    named = {
        "out_interface": [each.out_interface for each in found.outbound],
        "proxy_arp": found.proxy_arp,
        "proxy_ndp": [name for name, _address in found.proxy_ndp],
    }
    for option, names in named.items():
        for name in dict.fromkeys(names):
            try:
                _INTERFACE_NAMES[platform](name)
            except InvalidValue as error:
                yield Problem(f"{place}.{option}", str(error))


def _router_problems(member: Member, place: str) -> Iterator[Problem]:
    if member.gateway and member.split is None:
        sentence = "the default route of a router is not changed: say by split what goes to the gateway"
        yield Problem(place + ".gateway", sentence)
    if member.firewall != ALL_FIREWALLS:
        yield Problem(place + ".firewall", "is for Linux: a router has one firewall, which has to be told")


def render_host_network(item: HostNetwork, key_directory: str = "", platform: str = LINUX) -> dict[str, Any]:
    """Give the plain form. With a directory, the private key of a Linux host for each network is in a file of it."""
    interface = _rendered_interface(item, platform)
    if key_directory and item.desired.present and platform == LINUX:
        interface["private_key_file"] = f"{key_directory}/{item.network}.key"
    if item.desired.present:
        interface["gateway"] = render_openings(item.openings, item.desired.name)
    return {
        "network": item.network,
        "present": item.desired.present,
        "needs_key": item.needs_key or _needs_another_key(item, platform),
        "interface": interface,
        "split_tunnel": _rendered_split(item),
        "missing": list(item.missing),
        "expired": list(item.expired),
    }


def render_outline(item: HostNetwork, platform: str = LINUX) -> dict[str, Any]:
    """Give what is small and no secret of the plain form: it may be noted, and shown."""
    return {
        "network": item.network,
        "present": item.desired.present,
        "needs_key": item.needs_key or _needs_another_key(item, platform),
        "renews_key": _needs_another_key(item, platform),
        "interface": item.desired.name,
        "is_gateway": item.desired.present and bool(item.openings.outbound),
        "split_tunnel": _rendered_split(item),
    }


def _needs_another_key(item: HostNetwork, platform: str) -> bool:
    """Tell whether the key that is pinned is that of an interface which another one is to take the place of.

    On a router it cannot be taken along; on Linux it is in a file. One that the user supplies is brought anyway.
    """
    supplied = item.member is not None and item.member.private_key is not None
    return platform == ROUTEROS and item.desired.present and item.is_renamed and not supplied


def _rendered_interface(item: HostNetwork, platform: str) -> dict[str, Any]:
    desired = item.desired
    options: dict[str, Any] = {"name": desired.name, "state": "present" if desired.present else "absent"}
    # On a router, the key that is pinned may be that of the interface which takes the place of a former one.
    is_former = item.is_renamed and not desired.present
    if item.pinned_key is not None and not (is_former and platform == ROUTEROS):
        options["expected_public_key"] = str(item.pinned_key)
    if not desired.present:
        return options
    addresses = sorted(given(desired.addresses, frozenset()), key=sort_key)
    routes = sorted((route.destination for route in given(desired.routes, frozenset())), key=sort_key)
    handouts = {each.client.name: each for each in item.handouts} if platform == ROUTEROS else {}
    options.update(
        listen_port=given(desired.listen_port, 0),
        enabled=given(desired.up, True),
        mtu=given(desired.mtu, DEFAULT_MTU),
        addresses=[str(address) for address in addresses],
        routes=[str(prefix) for prefix in routes],
        peers=[_rendered_peer(peer, handouts.get(given(peer.name, ""))) for peer in desired.peers],
        purge_peers=desired.purge_peers,
    )
    if platform == LINUX:
        options["persist"] = given(desired.persist, "")
        options.update(_rendered_default_route(item))
    if handouts:
        # A release that does not know what a peer tells of a client serves the client as well.
        options["ignore_unknown_properties"] = True
    return options


def _rendered_default_route(item: HostNetwork) -> dict[str, Any]:
    use = None if item.member is None else item.member.gateway
    splits = item.member is not None and item.member.split is not None
    if use is None or not item.default_families or splits:
        # Of a split tunnel, that decides what goes where. Who never had a default route is not told to have none.
        return {"default_route": {"method": "none"}} if item.had_default_route else {}
    route = {"method": use.method, "families": list(item.default_families), "kill_switch": use.kill_switch}
    if use.keep:
        route["keep"] = [str(prefix) for prefix in use.keep]
    return {"default_route": route}


def _rendered_split(item: HostNetwork) -> dict[str, Any]:
    """Give the options of a split tunnel; none where there never was one."""
    member = item.member
    if member is None or (member.split is None and not member.dns):
        return {"interface": item.desired.name, "state": "absent"} if item.had_split_tunnel else {}
    split = member.split or Split("only")  # nothing at all: names alone take this way
    options = {
        "interface": item.desired.name,
        "state": "present",
        "dns": [{"servers": list(each.servers), "domains": list(each.domains)} for each in member.dns],
        "mode": split.mode,
        "prefixes": [str(prefix) for prefix in split.prefixes],
        "files": list(split.files),
        "rir": [
            {"source": each.source, "countries": list(each.countries), "families": list(each.families)}
            for each in split.rir
        ],
        "refresh": split.refresh,
        "shrink_limit": split.shrink_limit,
    }
    # What the gateway does not let out would end there.
    return options if member.split is None else {**options, "families": list(item.default_families)}


def _rendered_peer(peer: DesiredPeer, handout: Handout | None) -> dict[str, Any]:
    if not peer.present:
        return {"name": given(peer.name, ""), "public_key": str(peer.public_key), "state": "absent"}
    endpoint = given(peer.endpoint, None)
    options: dict[str, Any] = {
        "name": given(peer.name, ""),
        "public_key": str(peer.public_key),
        "allowed_ips": [str(prefix) for prefix in sorted(given(peer.allowed_ips, frozenset()), key=sort_key)],
        "endpoint_host": "" if endpoint is None else endpoint.host,
        "persistent_keepalive": given(peer.persistent_keepalive, 0),
    }
    if endpoint is not None:
        options["endpoint_port"] = endpoint.port
    if isinstance(peer.preshared_key, PresharedKey):
        options["preshared_key"] = peer.preshared_key.reveal()
    elif peer.preshared_key is None:
        options["preshared_key"] = ""
    return options if handout is None else {**options, **_rendered_handout(handout)}


def _rendered_handout(handout: Handout) -> dict[str, Any]:
    client = handout.client
    return {
        "responder": True,
        "client_address": [str(address.host) for address in handout.addresses],
        "client_dns": list(client.dns),
        "client_endpoint": handout.endpoint_host,
        "client_keepalive": client.keepalive,
        "client_allowed_address": [str(prefix) for prefix in sorted(handout.allowed_ips, key=sort_key)],
    }
