# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split tunnels on a router with rules of others, and beside each other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Session
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.split.tunnel import (
    RouterosSplitTunnel,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import PartStep, plan_parts
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import read_split_tunnel
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import access
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import Target, simulated

FILTER, MANGLE, NAT = "/ip/firewall/filter", "/ip/firewall/mangle", "/ip/firewall/nat"


@pytest.fixture(params=["7.9", "7.22.2"])
def crossing(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A router with the factory's rules and two tunnels."""
    with simulated("--version", request.param, "--defconf") as target:
        for number, name in enumerate(("wg0", "wg1")):
            target.add("/interface/wireguard", name=name, listen_port=str(13231 + number))
            target.add("/ip/address", address=f"10.9.{number}.1/24", interface=name)
        yield target


def split(router: Target, interface: str, prefix: str) -> tuple[PartStep, ...]:
    """Do what the module does, and give its steps."""
    wanted = read_split_tunnel({"interface": interface, "prefixes": [prefix]})
    console = Console(Session(access(router)))
    with contextlib.closing(RouterosSplitTunnel(wanted, console, check_mode=False)) as splitter:
        desired = splitter.desire()
        steps = plan_parts(splitter.read(), desired, splitter.kinds)
        splitter.apply(steps)
        assert plan_parts(splitter.read(), desired, splitter.kinds) == ()
    return steps


def comments(router: Target, menu: str) -> list[str]:
    return [row.get("comment", "") for row in router.rows(menu)]


def test_two_split_tunnels_of_one_router_do_not_displace_each_other(crossing: Target) -> None:
    assert split(crossing, "wg0", "10.20.0.0/16")
    assert split(crossing, "wg1", "10.21.0.0/16")
    assert split(crossing, "wg0", "10.20.0.0/16") == ()
    assert split(crossing, "wg1", "10.21.0.0/16") == ()


@pytest.mark.parametrize(
    ("menu", "matcher", "value"),
    [(MANGLE, "src-mac-address", "00:00:5E:00:53:01"), (MANGLE, "dscp", "3"), (NAT, "ipsec-policy", "out,ipsec"),
     (FILTER, "connection-nat-state", "srcnat"), ("/ip/route", "blackhole", "")],
)  # fmt: skip
def test_a_row_of_a_split_tunnel_that_someone_narrowed_is_made_anew(
    crossing: Target, menu: str, matcher: str, value: str
) -> None:
    split(crossing, "wg0", "10.20.0.0/16")
    row = next(row for row in crossing.rows(menu) if row.get("comment", "").startswith("wgfleet split wg0: "))
    crossing.do(f"{menu}/set", **{".id": row[".id"], matcher: value})
    assert len(split(crossing, "wg0", "10.20.0.0/16")) == 1
    [anew] = [each for each in crossing.rows(menu) if each.get("comment") == row["comment"]]
    assert matcher not in anew
    assert split(crossing, "wg0", "10.20.0.0/16") == ()


def test_connections_are_kept_from_a_fasttrack_behind_a_jump(crossing: Target) -> None:
    for row in crossing.rows(FILTER):
        if row["action"] == "fasttrack-connection":
            crossing.do(f"{FILTER}/set", **{".id": row[".id"], "chain": "fast"})
    crossing.add(FILTER, chain="forward", action="jump", jump_target="fast", comment="to fast")
    split(crossing, "wg0", "10.20.0.0/16")
    order = comments(crossing, FILTER)
    assert order.index("wgfleet split wg0: not fasttracked") < order.index("to fast")
    assert split(crossing, "wg0", "10.20.0.0/16") == ()
