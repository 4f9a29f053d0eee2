# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One WireGuard interface on a router: its rows in all menus.

Rules of this file: nothing is compared. Steps of one kind go to the router together and are awaited before the next
kind starts, because a router may carry out commands of one connection side by side. What hangs on the interface goes
before it: RouterOS would keep it with an id that leads nowhere. Every write goes through `_write`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from typing import Any, Callable, Collection, ContextManager, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access_checks import (
    text_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import (
    Console,
    Menu,
    match,
    open_console,
    remove_row,
    set_row,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Command
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import (
    MEMBERS,
    owner_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.gateway import (
    RouterosGateway,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.labels import (
    nameless_peers,
    with_chosen_names,
    without_chosen_names,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.peer_commands import (
    PeerRows,
    peer_commands,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.reading import read_menus
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.route_checks import (
    route_problems,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.rows import (
    INTERFACES,
    PEERS,
    Handles,
    decode_interface,
    encode_device,
    encode_link,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.surroundings import (
    ADDRESSES,
    ROUTES,
    Place,
    encode_address,
    encode_route,
    removable,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.interface.terms import adapt
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, WrongKind
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    File,
    Interface,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddAddress,
    AddRoute,
    CreateInterface,
    RemoveAddress,
    RemoveInterface,
    RemoveKeylessPeers,
    RemovePeer,
    RemoveRoute,
    SetDevice,
    SetLink,
    SetPeer,
    Step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

_DEVICE_STEPS = (CreateInterface, SetDevice)
_PEER_STEPS = (SetPeer, RemovePeer)
_UNKNOWN = {"fwmark", "rules", "persist", "default_route", "redirection"}
_WIREGUARD = "wg"  # the type of such an interface among all


class RouterosBackend:
    """The interface `name` of the router behind a console."""

    def __init__(self, name: str, console: Console) -> None:
        self.name = name
        self._console = console
        self._handles = Handles()
        self._observed = absent(name)
        self._nameless: Collection[PublicKey] = ()  # peers that shall have no name
        self._writes = 0
        self._beside: RouterosGateway | None = None  # what is to be read together with the interface

    def capabilities(self) -> frozenset[str]:
        """Give all fields but those that RouterOS has in no form."""
        fields = {field.name for field in dataclasses.fields(DesiredInterface)} | set(DesiredPeer._fields)
        return frozenset(fields - _UNKNOWN)

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        """Give the desired state in the terms of this router. Raises InvalidInput for what it cannot have."""
        desired = adapt(desired, self._console.release)
        problems = text_problems(desired, self._console.encoding)
        problems += route_problems(self._console, desired, self._observed)
        if problems:
            raise InvalidInput(problems)
        self._nameless = nameless_peers(desired, self._console.release)
        return with_chosen_names(desired, self._observed)

    def alone(self) -> ContextManager[None]:
        """Keep nobody off: a router has no lock, and what two runs write are rows of their own."""
        return contextlib.nullcontext()

    def gateway(self) -> RouterosGateway:
        """Give the gateway of this router, over the same session."""
        self._beside = RouterosGateway(self.name, self._console, making=self.name)
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
        self._observed = dataclasses.replace(without_chosen_names(seen, self._nameless), is_marked=marked)
        return self._observed

    def files(self, interface: Interface) -> Mapping[str, File]:
        """Give none: a router keeps its configuration by itself."""
        return {}

    def apply(self, steps: Sequence[Step]) -> int:
        """Carry out the steps in their order and give the number of writes."""
        self._writes = 0
        actions: dict[object, Callable[[Sequence[Any]], None]] = {
            _DEVICE_STEPS: self._set_device,
            _PEER_STEPS: self._set_peers,
            SetLink: self._set_link,
            AddAddress: self._add_addresses,
            RemoveAddress: lambda group: self._remove(self._address_places(group)),
            AddRoute: self._add_routes,
            RemoveRoute: lambda group: self._remove(self._route_places(step.route for step in group)),
            RemoveInterface: self._remove_interface,
            RemoveKeylessPeers: self._remove_keyless,
        }
        for kind, members in itertools.groupby(steps, _kind):
            group = tuple(members)
            actions[kind](group)
            self._observed = apply_steps(self._observed, group)
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
        observed = self._observed
        going = [step.public_key for step in steps if isinstance(step, RemovePeer)]
        self._remove(Place(PEERS, self._handles.peers.pop(key)) for key in going if key in self._handles.peers)
        after = apply_steps(observed, steps).peers
        rows = PeerRows(self.name, self._handles.peers, self._console.release)
        commands = peer_commands(observed.peers, after, (step for step in steps if isinstance(step, SetPeer)), rows)
        self._write(commands.first)
        self._write(commands.then)

    def _remove_keyless(self, _steps: Sequence[RemoveKeylessPeers]) -> None:
        self._remove([Place(PEERS, each) for each in self._handles.keyless])
        self._handles.keyless = []

    def _add_addresses(self, steps: Sequence[AddAddress]) -> None:
        self._write(
            [
                _put_right(place, self.name)
                if place
                else Command(path + "/add", encode_address(step.address, self.name))
                for step in steps
                for path in [ADDRESSES[step.address.version]]
                for place in [next(iter(self._handles.addresses.get(step.address, ())), None)]
            ]
        )

    def _add_routes(self, steps: Sequence[AddRoute]) -> None:
        """One that is there and not in force is ours too, and may lead elsewhere by now: it is set right."""
        places = [self._handles.routes[step.route][0] for step in steps if step.route in self._handles.routes]
        # Whatever a switch is set to, it is on (terraform-routeros).
        blackholes = [place for place in places if place.blackhole]
        self._write(
            [Command(place.menu + "/unset", [(".id", place.id), ("value-name", "blackhole")]) for place in blackholes]
        )
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
        peers = [Place(PEERS, row) for row in (*self._handles.peers.values(), *self._handles.keyless)]
        self._remove([*self._route_places(self._handles.routes), *ours, *addresses, *peers])
        self._remove([Place(INTERFACES, self._handles.interface)])

    def _remove(self, places: Iterable[Place]) -> None:
        self._write([remove_row(place.menu, place.id) for place in places], gone_is_done=True)

    def _address_places(self, steps: Iterable[RemoveAddress]) -> list[Place]:
        return [place for step in steps for place in removable(self._handles.addresses.pop(step.address, ()))]

    def _route_places(self, routes: Iterable[Any]) -> list[Place]:
        return [place for route in [*routes] for place in self._handles.routes.pop(route, ())]


def _put_right(place: Place, interface: str) -> Command:
    """Enable an address that is there; it may be of an interface that is gone."""
    return set_row(place.menu, place.id, [("interface", interface), ("disabled", "no")])


def _kind(step: Step) -> object:
    for group in (_DEVICE_STEPS, _PEER_STEPS):
        if isinstance(step, group):
            return group
    return type(step)


def open_routeros(name: str, params: Mapping[str, Any]) -> RouterosBackend:
    """Give the backend of an interface as a module's parameters say."""
    return RouterosBackend(name, open_console(params))
