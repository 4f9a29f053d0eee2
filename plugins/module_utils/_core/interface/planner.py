# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that compares: from what is and what shall be to the steps between.

Rules of this file: pure; equal meaning gives no step; a step touches only what differs; what is unset or hidden gives
no step. The order of steps is the order in which nothing is lost: a route goes before the peer it leads to, a peer
comes before the route that needs it, files come last. What cannot be done is said before the first step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Collection, Iterator, Mapping, TypeVar

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    UNSET,
    DesiredInterface,
    DesiredPeer,
    Partial,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    IPV6_MINIMUM_MTU,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    File,
    Interface,
    Peer,
    Redirection,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.properties import differing
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.redirection import (
    after_interface,
    before_interface,
    displacing,
    restoring,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddAddress,
    AddRoute,
    AddRule,
    CreateInterface,
    RemoveAddress,
    RemoveFile,
    RemoveInterface,
    RemoveKeylessPeers,
    RemovePeer,
    RemoveRoute,
    RemoveRule,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

FilesOf = Callable[[Interface], Mapping[str, File]]
T = TypeVar("T")

KEPT_SUFFIX = ".before-wgfleet"


def plan(observed: Interface, desired: DesiredInterface, files: FilesOf) -> tuple[Step, ...]:
    """Give the steps that lead from the observed to the desired state.

    `files` tells which files shall stand for a state. Raises InvalidInput where a desired prefix belongs to a peer that
    the desired state does not speak of, or where a small MTU would take IPv6 away.
    """
    if not desired.present:
        return _removal(observed)
    created: list[Step] = [] if observed.exists else [*_leftovers(observed), CreateInterface(observed.name)]
    start = apply_steps(observed, created)
    _refuse_small_mtu(start, desired)
    redirection = desired.redirection
    peer_steps = _peers(start, desired)
    routes = _possible_routes(start, desired)
    early, late = _missing_rules(start, desired)
    steps: list[Step] = [*before_interface(start, redirection), *created, *restoring(start, redirection)]
    steps += map(RemoveRoute, _surplus(start.routes | start.idle_routes, routes))
    steps += map(RemoveRule, sorted(_surplus(start.rules, desired.rules), key=_by_priority, reverse=True))
    steps += _device(start, desired)
    steps += peer_steps
    steps += _addresses(start, desired)
    steps += _link(start, desired)
    steps += map(AddRule, early)
    steps += map(AddRoute, _missing(start.routes, routes))
    steps += map(AddRule, late)
    steps += displacing(start, redirection)
    steps += after_interface(start, redirection)
    predicted = replace(apply_steps(observed, steps), persist=given(desired.persist, observed.persist))
    return (*steps, *_files(observed.files, files(predicted)))


def _removal(observed: Interface) -> tuple[Step, ...]:
    steps: list[Step] = [*restoring(observed, Redirection())]
    steps += (RemoveRule(rule) for rule in sorted(observed.rules, key=_by_priority, reverse=True))
    steps += [RemoveInterface(observed.name)] if observed.exists else _leftovers(observed)
    steps += after_interface(observed, Redirection())
    return (*steps, *_files(observed.files, {}))


def _leftovers(observed: Interface) -> Iterator[Step]:
    """Remove what a device has kept of an interface that is gone; what is wanted of it is made anew."""
    yield from map(RemoveRoute, sorted(observed.routes))
    yield from _keyless(observed)
    yield from map(RemovePeer, sorted(observed.peers))
    yield from map(RemoveAddress, sorted(observed.addresses))


def _keyless(observed: Interface) -> list[Step]:
    return [RemoveKeylessPeers(observed.keyless_peers)] if observed.keyless_peers else []


def _by_priority(rule: Rule) -> tuple[int, str]:
    return rule.priority, repr(rule)


def _missing_rules(observed: Interface, desired: DesiredInterface) -> tuple[list[Rule], list[Rule]]:
    """Give the rules that come before the routes, since they tell what keeps the old way, and those that come after."""
    missing = sorted(_missing(observed.rules, desired.rules), key=_by_priority)
    redirecting = given(desired.redirection, Redirection()).rules
    return [rule for rule in missing if rule in redirecting], [rule for rule in missing if rule not in redirecting]


def _possible_routes(observed: Interface, desired: DesiredInterface) -> Partial[Collection[Route]]:
    """An interface that is down has no routes, and takes none."""
    return desired.routes if given(desired.up, observed.up) or isinstance(desired.routes, Unset) else ()


def _surplus(observed: Collection[T], desired: Partial[Collection[T]]) -> list[T]:
    return [] if isinstance(desired, Unset) else sorted(set(observed) - set(desired), key=repr)


def _missing(observed: Collection[T], desired: Partial[Collection[T]]) -> list[T]:
    return [] if isinstance(desired, Unset) else sorted(set(desired) - set(observed), key=repr)


def _differing(observed: object, desired: Partial[T]) -> Partial[T]:
    return UNSET if observed is HIDDEN or observed == desired else desired


def _addresses(observed: Interface, desired: DesiredInterface) -> Iterator[Step]:
    """An interface is not left without an address; only one that gets another length goes first, to come again."""
    surplus = _surplus(observed.addresses | observed.idle_addresses, desired.addresses)
    missing = _missing(observed.addresses, desired.addresses)
    coming = {address.packed for address in missing}
    yield from (RemoveAddress(address) for address in surplus if address.packed in coming)
    yield from map(AddAddress, missing)
    yield from (RemoveAddress(address) for address in surplus if address.packed not in coming)


def _device(observed: Interface, desired: DesiredInterface) -> Iterator[Step]:
    step = SetDevice(
        private_key=_differing(observed.private_key, desired.private_key),
        # 0 asks for any port, and the device has one.
        listen_port=_differing(observed.listen_port, desired.listen_port or UNSET),
        fwmark=_differing(observed.fwmark, desired.fwmark),
        properties=differing(observed.properties, desired.properties),
    )
    if step != SetDevice():
        yield step


def _link(observed: Interface, desired: DesiredInterface) -> Iterator[Step]:
    step = SetLink(mtu=_differing(observed.mtu, desired.mtu), up=_differing(observed.up, desired.up))
    if step != SetLink():
        yield step


def _refuse_small_mtu(observed: Interface, desired: DesiredInterface) -> None:
    """With an MTU that is too small for it, Linux silently takes all IPv6 off an interface, and takes none."""
    mtu, addresses = given(desired.mtu, observed.mtu), given(desired.addresses, observed.addresses)
    settled = (mtu, addresses) == (observed.mtu, observed.addresses)
    if settled or mtu >= IPV6_MINIMUM_MTU:
        return
    held = [str(address) for address in sorted(addresses) if address.version == 6]
    if held:
        advice = f"give at least {IPV6_MINIMUM_MTU}, or addresses without {', '.join(held)}"
        raise InvalidInput([Problem("mtu", f"{mtu} is too small for the IPv6 of {observed.name}: {advice}")])


def _peers(observed: Interface, desired: DesiredInterface) -> list[Step]:
    named = {peer.public_key: peer for peer in desired.peers}
    leaving = {key for key, peer in named.items() if not peer.present and key in observed.peers}
    if desired.purge_peers:
        leaving |= observed.peers.keys() - named.keys()
    present = [peer for peer in desired.peers if peer.present]
    gained = _gained(observed.peers, present)
    _refuse_theft(observed.peers, named, leaving, gained)
    steps: list[Step] = _keyless(observed) if desired.purge_peers else []
    steps += (RemovePeer(key) for key in sorted(leaving))
    for peer in present:
        step = _peer(observed.peers.get(peer.public_key), peer, gained)
        if step is not None:
            steps.append(step)
    return steps


def _gained(observed: Mapping[PublicKey, Peer], desired: list[DesiredPeer]) -> dict[Prefix, PublicKey]:
    gained: dict[Prefix, PublicKey] = {}
    for peer in desired:
        if isinstance(peer.allowed_ips, Unset):
            continue
        current = observed.get(peer.public_key)
        if current is not None and current.allowed_ips == peer.allowed_ips:
            continue
        for prefix in peer.allowed_ips - (current.allowed_ips if current else frozenset()):
            gained[prefix] = peer.public_key
    return gained


def _refuse_theft(
    observed: Mapping[PublicKey, Peer],
    named: Mapping[PublicKey, DesiredPeer],
    leaving: Collection[PublicKey],
    gained: Mapping[Prefix, PublicKey],
) -> None:
    """An allowed IP silently leaves the peer that has it: only a peer whose complete list is desired may lose one."""
    if not gained:
        return
    problems = []
    for key, peer in observed.items():
        gives = named[key].allowed_ips if key in named else UNSET
        if key in leaving or not isinstance(gives, Unset) or peer.allowed_ips.isdisjoint(gained):
            continue
        for prefix in sorted(peer.allowed_ips.intersection(gained)):
            sentence = f"{prefix} belongs to the peer {key}, which would lose it; take it from there first"
            problems.append(Problem(f"peer {gained[prefix]}: allowed_ips", sentence))
    if problems:
        raise InvalidInput(problems)


def _peer(observed: Peer | None, desired: DesiredPeer, gained: Mapping[Prefix, PublicKey]) -> SetPeer | None:
    current = observed or Peer(desired.public_key)
    allowed_ips = given(desired.allowed_ips, current.allowed_ips)
    # What another peer gains leaves this one in the same instant and need not be taken away.
    replaces = any(prefix not in gained for prefix in current.allowed_ips - allowed_ips)
    step = SetPeer(
        desired.public_key,
        create=observed is None,
        preshared_key=_differing(current.preshared_key, desired.preshared_key),
        endpoint=_differing(current.endpoint, desired.endpoint),
        add_allowed_ips=allowed_ips if replaces else allowed_ips - current.allowed_ips,
        replace_allowed_ips=replaces,
        persistent_keepalive=_differing(current.persistent_keepalive, desired.persistent_keepalive),
        name=_differing(current.name, desired.name),
        properties=differing(current.properties, desired.properties),
    )
    return None if step == SetPeer(desired.public_key) else step


def _files(observed: Mapping[str, File], desired: Mapping[str, File]) -> Iterator[Step]:
    for path in sorted(desired):
        current = observed.get(path)
        if current != desired[path]:
            foreign = current is not None and current.foreign
            yield WriteFile(path, desired[path], keep_as=path + KEPT_SUFFIX if foreign else "")
    for path in sorted(observed.keys() - desired.keys()):
        if not observed[path].foreign:
            yield RemoveFile(path)
