# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that is cut at any sentence: nothing else has changed, and the next run completes the work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    ConnectionLost,
    NotConnected,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import read_needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import PlannedInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.gateway_flow import PlannedGateway
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    interface,
    peer,
    preshared_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import (
    KEYS,
    backend,
    foreign,
    run,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import Target
from ansible_collections.wgfleet.wireguard.tests.device.relay import CUTS

PEERS = tuple(peer(f"10.0.{number}.0/24", preshared_key=preshared_key(), name=f"p {number}") for number in range(20))
START = interface(
    *PEERS,
    listen_port=51820,
    addresses=addresses("10.0.0.1/24", "fd00::1/64"),
    routes=routes("10.1.0.0/16", "fd01::/64"),
    purge_peers=True,
)
CHANGE = replace(
    START,
    mtu=1380,
    peers=(
        *PEERS[4:],
        peer("10.0.0.0/24", key=PEERS[1].public_key),
        peer("10.0.1.0/24", key=PEERS[0].public_key, persistent_keepalive=25),
    ),
    addresses=addresses("10.0.5.1/24"),
    routes=routes("10.2.0.0/16"),
)
REMOVAL = DesiredInterface("wg0", present=False)


@pytest.mark.timeout(3600)  # a device may be slow, and far away
@pytest.mark.parametrize("place", CUTS)
@pytest.mark.parametrize(
    ("before", "desired"),
    [
        pytest.param(REMOVAL, START, id="creation"),
        pytest.param(START, CHANGE, id="change"),
        pytest.param(START, REMOVAL, id="removal"),
    ],
)
def test_a_run_that_is_cut_anywhere_is_completed_by_the_next(
    router: Target, before: DesiredInterface, desired: DesiredInterface, place: str
) -> None:
    untouched = foreign(router)
    for number in range(1, 1000):
        run(router, before)
        router.relay.heal()
        router.relay.cut(place, number)
        cut = False
        try:
            run(router, desired)
        except (ConnectionLost, NotConnected) as error:
            cut = True
            assert not any(each.preshared_key.reveal() in str(error) for each in PEERS)
        router.relay.heal()
        assert foreign(router) == untouched
        run(router, desired)
        assert run(router, desired).steps == ()
        assert foreign(router) == untouched
        if not cut:
            break
    assert number > 20


# --- The interface and its gateway in one call

OPENED = replace(START, peers=PEERS[:2])
# Of a port that nothing listens to, and between prefixes that are nobody's.
OPENINGS = {
    "listen_ports": [47113],
    "forward_pairs": [{"local": "192.0.2.0/28", "remote": "198.51.100.0/28", "interface": "wg0"}],
}


def run_both(router: Target, desired: DesiredInterface, options: dict[str, Any]) -> int:
    """Do what the module does with `gateway`, and give the number of steps."""
    with backend(router) as opened:
        gateway = opened.gateway()
        interface = PlannedInterface(opened, desired, KEYS, check_mode=False)
        beside = PlannedGateway(gateway, "wg0", read_needs(options))
        for each in (interface, beside) if desired.present else (beside, interface):
            each.carry_out()
        return len(interface.outcome.steps) + len(beside.steps)


@pytest.mark.timeout(3600)  # a device may be slow, and far away
@pytest.mark.parametrize("place", CUTS)
@pytest.mark.parametrize(
    ("before", "desired"),
    [
        pytest.param((REMOVAL, {}), (OPENED, OPENINGS), id="creation"),
        pytest.param((OPENED, OPENINGS), (REMOVAL, {}), id="removal"),
    ],
)
def test_a_run_for_both_that_is_cut_anywhere_is_completed_by_the_next(
    router: Target,
    before: tuple[DesiredInterface, dict[str, Any]],
    desired: tuple[DesiredInterface, dict[str, Any]],
    place: str,
) -> None:
    untouched = foreign(router)
    for number in range(1, 1000):
        run_both(router, *before)
        router.relay.heal()
        router.relay.cut(place, number)
        cut = False
        try:
            run_both(router, *desired)
        except (ConnectionLost, NotConnected):
            cut = True
        router.relay.heal()
        assert foreign(router) == untouched
        run_both(router, *desired)
        assert run_both(router, *desired) == 0
        if not cut:
            break
    assert number > 20
