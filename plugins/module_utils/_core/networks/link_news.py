# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the links that a run has brought, a line for each, in the order of the declaration.

Rules of this file: pure; who was not probed is not spoken of; however many links there are, each has its line, and
where there is more than one, the count comes last.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration, Network
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.link_status import (
    Findings,
    Peers,
    peers_by_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import Entry, Pinned, Registry
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.topology import reach


class _News(NamedTuple):
    """One link, and the seconds after which it was seen to be up; None where it was not."""

    title: str
    seconds: float | None

    def __str__(self) -> str:
        if self.seconds is None:
            return f"{self.title}: silent"
        return f"{self.title}: up after {self.seconds:.1f} s"


class LinkNews(NamedTuple):
    """What is said of links that were probed, and how many of them are silent."""

    lines: list[str]
    silent: int


def link_news(declaration: Declaration, registry: Registry, findings: Findings) -> LinkNews:
    """Give `one -- two: up after 0.4 s` for each link that was probed at either end."""
    told = findings.probes, peers_by_key(findings)
    found = [
        news
        for network in declaration.values()
        for news in _news_of(network, registry.get(network.name, Pinned()), told, len(declaration) > 1)
    ]
    silent = sum(news.seconds is None for news in found)
    return LinkNews([*map(str, found), *_count(found, len(found) - silent)], silent)


def _count(found: list[_News], up: int) -> Iterator[str]:
    """Say how many are up and after how long, where there is more than one to count."""
    if len(found) > 1:
        last = f", the last of them after {max(news.seconds or 0 for news in found):.1f} s" if up else ""
        yield f"{up} of {len(found)} new links {'is' if up == 1 else 'are'} up{last}"


def _news_of(network: Network, pinned: Pinned, told: tuple[Peers, Peers], named: bool) -> Iterator[_News]:
    places = {name: place for place, name in enumerate(network.members)}
    for one in network.members:
        for two in reach(network, one):
            if places[one] > places[two]:
                continue
            ends = ((one, two), (two, one))
            first, then = ([_probe(network, pinned, peers, *each) for each in ends] for peers in told)
            if any((*first, *then)):
                title = f"{network.name}: {one} -- {two}" if named else f"{one} -- {two}"
                yield _News(title, _seconds([each for each in first if each], [each for each in then if each]))


def _seconds(first: list[Mapping[str, Any]], then: list[Mapping[str, Any]]) -> float | None:
    """Give the seconds until the slower end has answered. The time of those who were asked then follows the others'."""
    for probes, before in ((first, 0.0), (then, max((each["watched_for"] for each in first), default=0.0))):
        answers = [float(each["answered_after"]) for each in probes if each["answered_after"] is not None]
        if answers:
            return before + max(answers)
    return None


def _probe(network: Network, pinned: Pinned, peers: Peers, host: str, other: str) -> Mapping[str, Any] | None:
    key = pinned.members.get(other, Entry()).public_key
    return peers.get((host, network.members[host].interface), {}).get(str(key), {}).get("probe")
