# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner needs of a backend, and nothing more.

A backend reads and applies; it never compares. Steps arrive together, so that it can batch them.
"""

from __future__ import annotations

from typing import Mapping, Protocol, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import File, Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.steps import Step


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

    def close(self) -> None:
        """Give back sockets and files. May be called twice."""
