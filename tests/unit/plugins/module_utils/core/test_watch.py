# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe watches silent peers: who answers and when, and what passes meanwhile."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Probed, Watch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey

NOW = 1_790_000_000.0
ONE, TWO = PublicKey(bytes([1] * 32)), PublicKey(bytes([2] * 32))


def reading(handshake: float, rx: int, tx: int, up: bool = True) -> list[Interface]:
    """An interface of which peer one is as said, and peer two silent."""
    peers = {ONE: Peer(ONE, last_handshake=handshake, rx_bytes=rx, tx_bytes=tx), TWO: Peer(TWO)}
    return [Interface("wg0", up=up, peers=peers)]


def test_who_answers_is_waited_for_no_longer_and_counted_from_the_first_reading() -> None:
    watch = Watch([ONE])
    assert watch.note(reading(0, 1000, 2000), NOW, 0)
    assert not watch.note(reading(NOW, 1092, 2148), NOW, 0.5)
    watch.note(reading(NOW, 1092, 2180), NOW, 0.75)
    assert watch.results("wg0") == {ONE: Probed(0.5, 0.5, 92, 180)}
    assert watch.results("wg1") == {}


def test_without_names_everybody_is_waited_for() -> None:
    watch = Watch()
    assert watch.note(reading(NOW, 0, 0), NOW, 0)
    assert watch.results("wg0") == {ONE: Probed(0, 0, 0, 0), TWO: Probed(None, 0, 0, 0)}


def test_a_handshake_that_is_too_old_to_hold_a_session_is_no_answer() -> None:
    watch = Watch([ONE])
    assert watch.note(reading(NOW - 181, 0, 0), NOW, 0)
    assert not watch.note(reading(NOW - 179, 0, 0), NOW, 0.25)


def test_an_interface_that_is_down_is_not_waited_for() -> None:
    watch = Watch()
    assert not watch.note(reading(0, 0, 0, up=False), NOW, 0)
    assert watch.results("wg0") == {}


def test_who_is_greeted_and_not_awaited_is_not_waited_for_and_not_spoken_of() -> None:
    watch = Watch([ONE, TWO], [ONE])
    assert watch.concerns(TWO)
    assert watch.note(reading(0, 0, 0), NOW, 0)
    assert not watch.note(reading(NOW, 0, 0), NOW, 0.5)
    assert watch.results("wg0") == {ONE: Probed(0.5, 0.5, 0, 0)}
    assert not Watch([ONE, TWO], []).note(reading(0, 0, 0), NOW, 0)


def test_who_was_heard_at_any_time_is_awaited_too_where_that_is_asked_for() -> None:
    watch = Watch(None, [TWO], were_heard=True)
    assert watch.note(reading(NOW - 86400, 0, 0), NOW, 0)
    assert watch.note(reading(NOW, 0, 0), NOW, 0.5), "who is named is awaited though it was never heard"
    assert watch.results("wg0").keys() == {ONE, TWO}
    assert not Watch(None, [], were_heard=True).note(reading(0, 0, 0), NOW, 0)
    assert Watch(None, [], were_heard=True).note(reading(NOW - 86400, 0, 0), NOW, 0)
    assert not Watch([TWO], [], were_heard=True).note(reading(NOW - 86400, 0, 0), NOW, 0)


def test_who_never_answered_was_watched_until_the_end() -> None:
    watch = Watch([TWO])
    for seconds in (0, 0.25, 6.5):
        assert watch.note(reading(NOW, 0, 0), NOW, seconds)
    assert watch.results("wg0") == {TWO: Probed(None, 6.5, 0, 0)}
