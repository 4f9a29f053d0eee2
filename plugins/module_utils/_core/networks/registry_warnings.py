# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person should know of a change of the registry, though nothing is wrong with it: sentences.

Rules of this file: pure; nothing is said where there is nothing to know. What a sentence says of peers is what the plan
of a host has of them.
"""

from __future__ import annotations

from typing import Collection

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import ROOT, Declaration
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day


def replaced_networks(declaration: Declaration, start: Registry) -> list[str]:
    """Tell of a network in whose place another one comes, since that may be meant as a new name."""
    present = [name for name, each in start.items() if not all(entry.departed for entry in each.members.values())]
    leaving = [f"network {name} leaves" for name in present if name not in declaration]
    coming = [f"network {name} is new" for name in declaration if name not in present]
    if not (leaving and coming):
        return []
    sentence = (
        f"{', '.join(leaving + coming)}: what was made of the one is taken off its hosts, and the other gets keys and"
        " addresses of its own. That is so, too, where only the name was changed"
    )
    return [sentence]


def expired_clients(declaration: Declaration, today: Day) -> list[str]:
    """Tell whose last day is over."""
    return [
        f"{network.client_place(name)}: expired on {client.expires}, and is no peer any more of the hosts in this run"
        for network in declaration.values()
        for name, client in network.clients.items()
        if client.expired(today)
    ]


def unknown_keys(declaration: Declaration, registry: Registry, failed: Collection[str]) -> list[str]:
    """Tell of members whose key nobody knows, what follows from it, and how it gets known. `failed` are hosts."""
    return [
        f"{ROOT}.{network}: no public key is known of {', '.join(unknown)}. {_left_out(unknown)}. Of the other"
        f" peers, only those who are known to be out are removed in this run. {_advice(unknown, failed)}"
        for network in declaration
        if (unknown := _keyless(registry, network))
    ]


def _left_out(unknown: list[str]) -> str:
    return "It is left out as a peer" if len(unknown) == 1 else "They are left out as peers"


def _keyless(registry: Registry, network: str) -> list[str]:
    members = registry[network].members
    return [name for name, entry in members.items() if entry.public_key is None and not entry.departed]


def _advice(unknown: list[str], failed: Collection[str]) -> str:
    down = [name for name in unknown if name in failed]
    advice = [f"{' and '.join(down)} {'has' if len(down) == 1 else 'have'} failed in this run: mend that and run again"]
    return ". ".join((advice if down else []) + (["Run once without a limit"] if len(down) < len(unknown) else []))
