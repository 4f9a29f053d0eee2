# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a split tunnel needs of a program that resolves names."""

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import NameServers


class Resolver:
    """The name servers of one interface, with one program. Errors are of the tree below `DeviceError`."""

    def __init__(self, interface: str, wanted: Sequence[NameServers]) -> None:
        self.interface = interface
        self.wanted = wanted

    def refuse_unknown(self) -> None:
        """Raise InvalidInput or DeviceError for what the program cannot do. Writes nothing."""

    def files(self) -> Mapping[str, str]:
        """Give the files that shall stand, by path."""
        return {}

    def paths(self) -> Sequence[str]:
        """Give the paths at which files of ours may stand."""
        return ()

    def desired(self) -> str:
        """Give in one text what the running program shall know."""
        raise NotImplementedError

    def observed(self) -> str:
        """Give in the same words what it knows; empty for nothing."""
        raise NotImplementedError

    def put(self) -> None:
        """Tell the running program. Its files stand."""
        raise NotImplementedError

    def drop(self) -> None:
        """Let the running program forget it. Its files are gone."""
        raise NotImplementedError
