# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script for a router that is a client; the simulated router judges it by importing it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if not (Path(__file__).resolve().parents[6] / ".ansible").is_dir():
    pytest.skip("the simulated router starts from a checkout, and here is a copy", allow_module_level=True)

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.client_script import render_script
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    PlannedServer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.test_client_text import (
    KEY,
    OURS,
    PRIVATE_TEXT,
    PSK,
    UNKNOWN_KEY,
    plan,
    server,
)
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

COMMENT = "wgfleet-client corp/alice"
ADDRESS = Endpoint("198.51.1.1", 13231)


@pytest.fixture
def router() -> Iterator[Simulator]:
    with simulator("--version", "7.22.2", "--defconf") as started:
        yield started


@pytest.fixture
def api(router: Simulator) -> Iterator[Client]:
    with contextlib.closing(Client(router.port)) as session:
        yield session


def split(*prefixes: str, **changes: Any) -> PlannedServer:
    return server(*prefixes or ("10.255.255.0/24", "fd66::/64", "10.1.202.0/24"), endpoint=ADDRESS, **changes)


def full(**changes: Any) -> PlannedServer:
    return server(endpoint=ADDRESS, **changes)


def script(planned: ClientPlan, key: ClientKey = KEY, **psks: PresharedKey) -> str:
    return render_script(planned, key, psks).reveal()


def imported(api: Client, router: Simulator, text: str) -> dict[str, list[dict[str, str]]]:
    """What is on the router by our comment after it has imported a script."""
    for row in router.rows("/file"):
        api.run("/file/remove", f"=.id={row['.id']}")
    api.add("/file", name="client.rsc", contents=text)
    reply = api.run("/import", "=file-name=client.rsc")
    assert reply.trap is None, reply.trap
    return ours(router)


def ours(router: Simulator) -> dict[str, list[dict[str, str]]]:
    menus = [
        "/interface/wireguard", "/interface/wireguard/peers", "/ip/address", "/ipv6/address", "/ip/route",
        "/ipv6/route", "/routing/table", "/routing/rule", "/ip/dns/static", "/ip/firewall/nat", "/ipv6/firewall/nat",
    ]  # fmt: skip
    found = {menu: [row for row in router.rows(menu) if row.get("comment") == COMMENT] for menu in menus}
    return {menu: rows for menu, rows in found.items() if rows}


def values(rows: list[dict[str, str]], *names: str) -> list[tuple[str | None, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]


def test_a_router_that_imports_the_script_has_all_that_a_split_tunnel_needs(api: Client, router: Simulator) -> None:
    rows = imported(api, router, script(plan(split(), mtu=1380), office1=PSK))
    (interface,) = rows["/interface/wireguard"]
    assert (interface["name"], interface["mtu"], interface["private-key"]) == ("corp", "1380", PRIVATE_TEXT)
    (peer,) = rows["/interface/wireguard/peers"]
    assert peer["public-key"] == str(server().public_key)
    assert peer["preshared-key"] == PSK.reveal()
    assert (peer["endpoint-address"], peer["endpoint-port"]) == ("198.51.1.1", "13231")
    assert peer["persistent-keepalive"] == "25s"
    assert peer["allowed-address"] == "10.255.255.0/24,fd66::/64,10.1.202.0/24"
    assert values(rows["/ip/address"], "address", "interface") == [("10.255.255.9/32", "corp")]
    assert values(rows["/ipv6/address"], "address", "advertise") == [("fd66::9/128", "false")]
    assert values(rows["/ip/route"], "dst-address", "gateway") == [
        ("10.255.255.0/24", "corp"),
        ("10.1.202.0/24", "corp"),
    ]
    assert values(rows["/ip/firewall/nat"], "action", "out-interface") == [("masquerade", "corp")]
    assert "/routing/rule" not in rows


def test_a_full_tunnel_leaves_the_way_to_the_server_and_every_nearer_route_alone(
    api: Client, router: Simulator
) -> None:
    rows = imported(api, router, script(plan(full())))
    assert values(rows["/routing/table"], "name", "fib") == [("corp", "")]
    for menu, everything in (("/ip/route", "0.0.0.0/0"), ("/ipv6/route", "::/0")):
        assert values(rows[menu], "dst-address", "gateway", "routing-table") == [(everything, "corp", "corp")]
    assert values(rows["/routing/rule"], "dst-address", "action", "table", "min-prefix") == [
        ("198.51.1.1/32", "lookup-only-in-table", "main", None),
        (None, "lookup", "main", "0"),
        (None, "lookup", "corp", None),
    ]


def test_importing_again_renews_and_leaves_what_is_not_of_the_script(api: Client, router: Simulator) -> None:
    def others() -> dict[str, list[dict[str, str]]]:
        menus = ("/ip/firewall/nat", "/ip/address", "/interface/wireguard", "/routing/table")
        return {menu: [row for row in router.rows(menu) if row.get("comment") != COMMENT] for menu in menus}

    before = others()
    first = imported(api, router, script(plan(full())))
    assert {menu: len(rows) for menu, rows in imported(api, router, script(plan(full()))).items()} == {
        menu: len(rows) for menu, rows in first.items()
    }
    narrowed = imported(api, router, script(plan(split("10.255.255.0/24"))))
    assert {"/routing/table", "/routing/rule", "/ipv6/route"} & narrowed.keys() == set()
    assert others() == before


def test_names_with_signs_that_the_console_knows_are_written_as_they_are(api: Client, router: Simulator) -> None:
    name = 'al"ice $(x) \\ [find] ; {?}'
    imported(api, router, script(plan(split(), name=name)))
    comments = {row.get("comment") for row in router.rows("/ip/address")}
    assert f"wgfleet-client corp/{name}" in comments


def test_what_begins_a_variable_or_an_escape_is_quoted() -> None:
    assert r'comment="wgfleet-client corp/a\"b\$c\\d\?"' in script(plan(split(), name='a"b$c\\d?'))


def test_a_line_end_in_a_name_is_refused() -> None:
    with pytest.raises(InvalidInput, match="one line"):
        script(plan(split(), name="a\n/system reset-configuration"))


def test_the_resolver_is_told_only_the_domains_of_a_split_tunnel(api: Client, router: Simulator) -> None:
    def resolver() -> str:
        return router.rows("/ip/dns")[0]["servers"]

    before = resolver()
    planned = plan(split(), dns=("10.1.202.53",), search=("corp.example",))
    rows = imported(api, router, script(planned))
    wanted = [("FWD", "corp.example", "10.1.202.53", "true")]
    assert values(rows["/ip/dns/static"], "type", "name", "forward-to", "match-subdomain") == wanted
    assert resolver() == before
    rows = imported(api, router, script(planned._replace(servers=(full(),))))
    assert "/ip/dns/static" not in rows
    assert resolver() == "10.1.202.53"


def test_a_server_with_a_name_is_resolved_when_the_script_is_imported() -> None:
    rule = '/routing rule add dst-address=[:resolve "vpn.example"] action=lookup-only-in-table table=main'
    assert rule in script(plan(server()))


def test_a_router_without_its_private_key_refuses_the_script(api: Client, router: Simulator) -> None:
    text = script(plan(split()), UNKNOWN_KEY)
    assert str(OURS) in text.splitlines()[0]
    api.add("/file", name="keyless.rsc", contents=text)
    assert api.run("/import", "=file-name=keyless.rsc").trap is not None
    assert "/interface/wireguard" not in ours(router)
