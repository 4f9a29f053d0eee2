# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is greeted, who is waited for, and what is told of it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Watch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Probing, Senses

NOW = 1_790_000_000.0
ONE, TWO, THREE = (PublicKey(bytes([number] * 32)) for number in (1, 2, 3))
OPTIONS: dict[str, Any] = {"probe_timeout": 5, "probe_peers": None, "controller_time": None}


class Device:
    """A device on which every awaited peer answers at the second look."""

    def __init__(self) -> None:
        self.greeted: set[PublicKey] = set()
        self.waits = 0

    def probe(self, backends: Any, params: Any, timeout: float, watch: Watch) -> list[Interface]:
        self.greeted = {key for key in (ONE, TWO, THREE) if watch.concerns(key)}
        for seconds, handshake in ((0.0, 0.0), (0.5, NOW)):
            peers = {key: Peer(key, last_handshake=handshake) for key in (ONE, TWO, THREE)}
            self.waits += watch.note([Interface("wg0", up=True, peers=peers)], NOW, seconds)
        return [Interface("wg0", up=True, peers=peers)]

    def words(self, *made: PublicKey, **options: Any) -> dict[str, Any]:
        probing = Probing(Senses(self.probe, lambda params: NOW), {**OPTIONS, **options})
        return probing.words_of_new(cast(Backend, None), set(made))


def test_all_new_peers_are_waited_for_unless_some_are_named() -> None:
    assert [each["public_key"] for each in Device().words(ONE, TWO)["probes"]] == [str(ONE), str(TWO)]
    device = Device()
    (probe,) = device.words(ONE, TWO, probe_peers=[str(TWO), str(THREE)])["probes"]
    assert (probe["public_key"], probe["interface"], probe["answered_after"]) == (str(TWO), "wg0", 0.5)
    assert (device.greeted, device.waits) == ({ONE, TWO}, 1)


def test_who_comes_first_greets_and_waits_for_nobody() -> None:
    device = Device()
    assert device.words(ONE, TWO, probe_peers=[])["probes"] == []
    assert (device.greeted, device.waits) == ({ONE, TWO}, 0)


def test_without_a_timeout_or_a_new_peer_nothing_is_sent() -> None:
    device = Device()
    assert device.words(ONE, probe_timeout=0) == {}
    assert device.words() == {}
    assert (device.greeted, device.waits) == (set(), 0)


def test_the_clock_is_compared_with_the_time_at_which_the_call_began() -> None:
    assert "clock_offset" not in Device().words(ONE)
    assert Device().words(ONE, controller_time=NOW - 3600)["clock_offset"] in (3599, 3600)


@pytest.mark.parametrize(
    ("options", "awaited"),
    [
        ({}, {ONE, TWO, THREE}),
        ({"probe_peers": [ONE, TWO]}, {ONE, TWO}),
        ({"probe_await": [ONE]}, {ONE, THREE}),
        ({"probe_await": [ONE, TWO], "probe_peers": [TWO]}, {TWO}),
        ({"probe_await": [], "probe_peers": [TWO]}, set()),
    ],
)
def test_who_is_there_already_is_awaited_if_it_is_named_or_was_heard(
    options: dict[str, list[PublicKey]], awaited: set[PublicKey]
) -> None:
    senses = Senses(Device().probe, lambda params: NOW)
    watch = Probing(senses, {**OPTIONS, **{name: [*map(str, keys)] for name, keys in options.items()}}).watch()
    peers = {key: Peer(key, last_handshake=NOW - 86400 if key == THREE else 0) for key in (ONE, TWO, THREE)}
    assert watch.note([Interface("wg0", up=True, peers=peers)], NOW, 0) == bool(awaited)
    assert watch.results("wg0").keys() == awaited


@pytest.mark.parametrize("option", ["probe_peers", "probe_await"])
def test_a_name_that_is_no_key_is_refused_before_anything_else(option: str) -> None:
    with pytest.raises(InvalidInput, match=option):
        Device().words(ONE, **{option: ["office1"]})
