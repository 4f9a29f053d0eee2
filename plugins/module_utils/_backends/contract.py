# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules need of a device, and nothing more.

A backend reads and applies; it never compares. Steps arrive together, so that it can batch them.
"""

from __future__ import annotations

from typing import Any, ContextManager, Mapping, Protocol, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import GatewayState, GatewayStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import Entry, Handle
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.key_storage import KeyStep, StoredKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import Step
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import Parts, PartStep


class Backend(Protocol):
    """One interface on one device. Errors are of the tree below `DeviceError`."""

    def capabilities(self) -> frozenset[str]:
        """Give the names of the fields of DesiredInterface and DesiredPeer that the device knows."""

    def adapt(self, desired: DesiredInterface) -> DesiredInterface:
        """Give the desired state in the device's own terms, in which it is then compared. Called after `read`.

        Raises InvalidInput, with all problems, for what this very device does not know.
        """

    def read(self) -> Interface:
        """Observe the interface; one that does not exist is read as absent. Writes nothing."""

    def files(self, interface: Interface) -> Mapping[str, File]:
        """Tell which files shall stand for an interface in this state. Pure."""

    def apply(self, steps: Sequence[Step]) -> int:
        """Carry out the steps in their order and give the number of writes. Nothing is written for no steps."""

    def alone(self) -> ContextManager[None]:
        """Keep other runs off the interface, where the device can, from before it is read until it is written.

        Raises DeviceError, on entry, where another one does not end.
        """

    def gateway(self) -> Gateway | None:
        """Give the gateway of the same device, over the same connection; None where it cannot be one.

        Called before the first `read`, so that both may be read together, and closed with the interface.
        """

    def close(self) -> None:
        """Give back sockets and files. May be called twice."""


class Gateway(Protocol):
    """What lets packets through a device and forwards them, for users that each have a name."""

    def read(self) -> GatewayState:
        """Observe what is there, for this and all other users. Writes nothing."""

    def refusals(self, needed: Needs) -> Sequence[Problem]:
        """Tell what the device cannot do, each with the option that asks for it. Called after `read`."""

    def adapt(self, needed: Needs) -> Needs:
        """Say in the device's own terms what is needed. Called after `read`, with nothing that is refused."""

    def wall_of(self, entry: Entry) -> Handle | None:
        """Give the first rule, of those that were read, that would take the packets of an entry away from it."""

    def apply(self, steps: Sequence[GatewayStep]) -> int:
        """Carry out the steps in their order and give the number of writes. Refuses before it writes."""

    def warnings(self) -> Sequence[str]:
        """Tell, of the state that was read last, what will undo at boot what the user needs."""

    def close(self) -> None:
        """Give back sockets and files. May be called twice."""


class Splitter(Protocol):
    """One split tunnel on one device. `kinds` are those of its parts, in the order in which they are put."""

    kinds: Sequence[str]
    warnings: list[str]

    def desire(self) -> Parts:
        """Give the parts that shall stand. Reads the device and the sources, and writes nothing."""

    def read(self) -> Parts:
        """Observe the parts that are ours. Writes nothing."""

    def apply(self, steps: Sequence[PartStep]) -> int:
        """Carry out the steps in their order and give the number of writes."""

    def words(self, steps: Sequence[PartStep]) -> list[dict[str, Any]]:
        """Give steps as dictionaries: `do`, and what it does it to."""

    def close(self) -> None:
        """Give back sockets and files. May be called twice."""


class KeyStore(Protocol):
    """What holds one private key."""

    def read(self) -> StoredKey:
        """Observe the key. Writes nothing."""

    def apply(self, steps: Sequence[KeyStep]) -> int:
        """Carry out the steps and give the number of writes."""
