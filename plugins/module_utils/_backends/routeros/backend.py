# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One WireGuard interface on a router: its rows in all menus.

Rules of this file: nothing is compared. Steps of one kind go to the router together and are awaited before the next
kind starts, because a router may carry out commands of one connection side by side. What hangs on the interface goes
before it: RouterOS would keep it with an id that leads nowhere. Every write goes through `_write`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.console import (
    COMMENTED,
    Console,
    Menu,
    either,
    match,
    merged,
    open_console,
    remove_row,
    set_row,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.filter_rows import (
    MEMBERS,
    MENUS,
    owner_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway import RouterosGateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.rows import (
    ADDRESS_WORDS,
    ADDRESSES,
    INTERFACES,
    PEERS,
    ROUTE_WORDS,
    ROUTES,
    Handles,
    Place,
    Printed,
    decode_interface,
    encode_address,
    encode_device,
    encode_link,
    encode_new_peer,
    encode_peer,
    encode_route,
    interface_words,
    peer_words,
    rivals,
    route_tag,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.terms import adapt
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, WrongKind
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    Interface,
    Route,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddAddress,
    AddRoute,
    CreateInterface,
    RemoveAddress,
    RemoveInterface,
    RemovePeer,
    RemoveRoute,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
    apply_steps,
)

_DEVICE_STEPS = (CreateInterface, SetDevice)
_PEER_STEPS = (SetPeer, RemovePeer)
RULES = MENUS["filter", 4]
_UNKNOWN = {"fwmark", "rules", "persist", "default_route", "redirection"}
_WIREGUARD = "wg"  # the type of such an interface among all


class RouterosBackend:
    """The interface `name` of the router behind a console."""

    def __init__(self, name: str, console: Console) -> None:
        self.name = name
        self._console = console
        self._handles = Handles()
        self._observed = absent(name)
        self._writes = 0
        self._beside: RouterosGateway | None = None  # what is to be read together with the interface

    def capabilities(self) -> frozenset[str]:
        """Give all fields but those that RouterOS has in no form."""
        fields = {field.name for field in dataclasses.fields(DesiredInterface)} | set(DesiredPeer._fields)
        return frozenset(fields - _UNKNOWN)

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        """Give the desired state in the terms of the router's release. Raises InvalidInput."""
        return adapt(desired, self._console.release)

    def gateway(self) -> RouterosGateway:
        """Give the gateway of this router, over the same session."""
        self._beside = RouterosGateway(self.name, self._console)
        return self._beside

    def read(self) -> Interface:
        """Observe the interface. Raises WrongKind where the name belongs to something else."""
        beside, self._beside = self._beside, None
        printed, kind = read_menus(self._console, self.name, beside)
        if kind not in ("", _WIREGUARD):
            raise WrongKind(
                f"{self.name} exists and is no WireGuard interface, but one of type {kind}: choose another name"
                " (interface in the declaration)"
            )
        seen, self._handles = decode_interface(self.name, printed, self._console.release, time.time())
        marked = bool(self._handles.routes) or any(owner_of(row) == self.name for row in printed.rules)
        self._observed = dataclasses.replace(seen, is_marked=marked)
        return self._observed

    def files(self, interface: Interface) -> Mapping[str, File]:
        """Give none: a router keeps its configuration by itself."""
        return {}

    def apply(self, steps: Sequence[Step]) -> int:
        """Carry out the steps in their order and give the number of writes."""
        self._writes = 0
        self._refuse_rivals([step.route for step in steps if isinstance(step, AddRoute)])
        actions: dict[object, Callable[[Sequence[Any]], None]] = {
            _DEVICE_STEPS: self._set_device,
            _PEER_STEPS: self._set_peers,
            SetLink: self._set_link,
            AddAddress: self._add_addresses,
            RemoveAddress: lambda group: self._remove(self._address_places(group)),
            AddRoute: self._add_routes,
            RemoveRoute: lambda group: self._remove(self._route_places(step.route for step in group)),
            RemoveInterface: self._remove_interface,
        }
        for kind, group in itertools.groupby(steps, _kind):
            actions[kind](tuple(group))
        return self._writes

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._console.close()

    def _write(self, commands: Sequence[Command], gone_is_done: bool = False) -> list[str]:
        """Carry out commands that need nothing of each other and give the ids of rows that were added."""
        if not commands:
            return []
        replies = self._console.write(commands, gone_is_done)
        self._writes += len(commands)
        return [reply.ret for reply in replies]

    def _refuse_rivals(self, routes: Sequence[Route]) -> None:
        """Raise DeviceError where one of the routes would share its traffic with someone else's."""
        if not routes:
            return
        destinations = [match("dst-address", str(route.destination)) for route in routes]
        anyone = functools.reduce(either, destinations)
        printed = self._console.print([Menu(path, ROUTE_WORDS, anyone) for path in ROUTES.values()])
        others = rivals(self.name, itertools.chain.from_iterable(printed), frozenset(routes))
        if others:
            raise DeviceError(
                f"the router has routes of someone else in the place of ours: {', '.join(others)}; remove them, or give"
                " ours another route_metric"
            )

    def _set_device(self, steps: Sequence[CreateInterface | SetDevice]) -> None:
        attributes = [
            each for step in steps if isinstance(step, SetDevice) for each in encode_device(step, self._console.release)
        ]
        if any(isinstance(step, CreateInterface) for step in steps):
            made = [("name", self.name), ("disabled", "yes"), *attributes]
            self._handles.interface = self._write([Command(INTERFACES + "/add", made)])[0]
        elif attributes:
            self._write([set_row(INTERFACES, self._handles.interface, attributes)])

    def _set_link(self, steps: Sequence[SetLink]) -> None:
        for step in steps:
            if step.up is False:
                self._remove(self._route_places(self._handles.routes))
            self._write([set_row(INTERFACES, self._handles.interface, encode_link(step))])

    def _set_peers(self, steps: Sequence[SetPeer | RemovePeer]) -> None:
        """What one peer gains is taken from the other first: a router keeps the text of both lists as they were set."""
        before, after = self._observed.peers, apply_steps(self._with_interface(), steps).peers
        removals = [step.public_key for step in steps if isinstance(step, RemovePeer)]
        self._remove(Place(PEERS, self._handles.peers[key]) for key in removals if key in self._handles.peers)
        wanted = {step.public_key: step for step in steps if isinstance(step, SetPeer)}
        losing: list[Command] = []
        rest: list[Command] = []
        for key, peer in after.items():
            step = wanted.get(key, SetPeer(key))
            known = before.get(key)
            lists_differ = known is None or known.allowed_ips != peer.allowed_ips
            allowed_ips = peer.allowed_ips if lists_differ else None
            if known is None:
                attributes = encode_new_peer(step, self.name, peer.allowed_ips, self._console.release)
                rest.append(Command(PEERS + "/add", attributes))
                continue
            attributes = encode_peer(step, allowed_ips, self._console.release)
            if attributes:
                group = losing if known.allowed_ips - peer.allowed_ips else rest
                group.append(set_row(PEERS, self._handles.peers[key], attributes))
        self._write(losing)
        self._write(rest)

    def _with_interface(self) -> Interface:
        """Give the observed state, with the interface that was just made where there was none."""
        return dataclasses.replace(self._observed, exists=True)

    def _add_addresses(self, steps: Sequence[AddAddress]) -> None:
        self._write(
            [
                _enabled(place) if place else Command(path + "/add", encode_address(step.address, self.name))
                for step in steps
                for path in [ADDRESSES[step.address.version]]
                for place in [next(iter(self._handles.addresses.get(step.address, ())), None)]
            ]
        )

    def _add_routes(self, steps: Sequence[AddRoute]) -> None:
        """One that is there and not in force is ours too, and may lead elsewhere by now: it is set right."""
        commands = []
        for step in steps:
            path, attributes = ROUTES[step.route.destination.version], encode_route(step.route, self.name)
            places = self._handles.routes.get(step.route, [])
            if places:
                commands.append(set_row(path, places[0].id, [*attributes, ("disabled", "no")]))
            else:
                commands.append(Command(path + "/add", attributes))
        self._write(commands)

    def _remove_interface(self, _steps: Sequence[RemoveInterface]) -> None:
        [members] = self._console.print([Menu(MEMBERS, (".id", "comment"), match("interface", self.name))])
        ours = [Place(MEMBERS, row[".id"]) for row in members if owner_of(row)]
        addresses = itertools.chain.from_iterable(self._handles.addresses.values())
        peers = [Place(PEERS, row) for row in self._handles.peers.values()]
        self._remove([*self._route_places(self._handles.routes), *ours, *addresses, *peers])
        self._remove([Place(INTERFACES, self._handles.interface)])

    def _remove(self, places: Iterable[Place]) -> None:
        self._write([remove_row(place.menu, place.id) for place in places], gone_is_done=True)

    def _address_places(self, steps: Iterable[RemoveAddress]) -> list[Place]:
        return [place for step in steps for place in self._handles.addresses.get(step.address, ())]

    def _route_places(self, routes: Iterable[Any]) -> list[Place]:
        return [place for route in routes for place in self._handles.routes.get(route, ())]


def _enabled(place: Place) -> Command:
    return set_row(place.menu, place.id, [("disabled", "no")])


def _kind(step: Step) -> object:
    for group in (_DEVICE_STEPS, _PEER_STEPS):
        if isinstance(step, group):
            return group
    return type(step)


def read_menus(console: Console, name: str | None, beside: RouterosGateway | None = None) -> tuple[Printed, str]:
    """Print all that concerns one interface, and its type among all interfaces; without a name, that of all.

    What a gateway beside it reads is printed along and handed over.
    """
    by_name, by_interface = (match(word, name) if name else () for word in ("name", "interface"))
    ours = either(match("gateway", name), match("comment", route_tag(name))) if name else COMMENTED
    release = console.release
    menus = [
        Menu("/interface", ("name", "type"), by_name),
        Menu(INTERFACES, interface_words(release), by_name, secrets=True),
        Menu(PEERS, peer_words(release), by_interface, secrets=True),
        *(Menu(path, ADDRESS_WORDS, by_interface) for path in ADDRESSES.values()),
        *(Menu(path, ROUTE_WORDS, ours) for path in ROUTES.values()),
        Menu(RULES, (".id", "comment"), COMMENTED),  # an interface without routes is known to be ours by its openings
    ]
    asked = merged([*menus, *(beside.menus if beside else ())])
    rows = dict(zip([menu.path for menu in asked], console.print(asked)))
    if beside:
        beside.hand_over(rows)
    kinds, interfaces, peers, *around = (rows[menu.path] for menu in menus)
    kind = next((row.get("type", "") for row in kinds if row.get("name") == name), "")
    addresses, routes = dict(zip(ADDRESSES, around[:2])), dict(zip(ROUTES, around[2:4]))
    return Printed(interfaces, peers, addresses, routes, around[4]), kind


def open_routeros(name: str, params: Mapping[str, Any]) -> RouterosBackend:
    """Give the backend of an interface as a module's parameters say."""
    return RouterosBackend(name, open_console(params))
