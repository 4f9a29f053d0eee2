# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items over the wire: printed forms, ids, order, refusals with their exact texts, references that dangle."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

Start = Callable[..., Simulator]
Connect = Callable[..., Client]

PRIVATE = "iI2nUgKlBAyb2Xk8FpZNBGnPcmVRnE0h4KfLSZ0CHUM="  # made for this test
KEY = "A" * 43 + "="


@pytest.fixture
def router(routeros: Start) -> Simulator:
    return routeros("--version", "7.22.2")


@pytest.fixture
def api(router: Simulator, connect: Connect) -> Client:
    client = connect(router)
    client.add("/interface/wireguard", name="wg0", listen_port="13231")
    return client


@pytest.fixture(scope="module")
def common() -> Iterator[Client]:
    """A client for tests that do not mind what others stored."""
    with simulator("--version", "7.22.2") as router, contextlib.closing(Client(router.port)) as client:
        client.add("/interface/wireguard", name="wg0", listen_port="13231")
        yield client


def peer(api: Client, **values: str) -> dict[str, str]:
    identity = api.add("/interface/wireguard/peers", **{"interface": "wg0", "allowed_address": "10.0.0.2", **values})
    return api.rows("/interface/wireguard/peers", f"?.id={identity}")[0]


FORMS = [
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "10.0.0.2,10.1.2.3/24,FD00::2"},
     {"allowed-address": "10.0.0.2/32,10.1.2.3/24,fd00::2/128"}),
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "", "persistent-keepalive": "00:01:30"},
     {"persistent-keepalive": "1m30s", "endpoint-address": "", "endpoint-port": "0", "preshared-key": ""}),
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "", "persistent-keepalive": "0"},
     {"persistent-keepalive": None, "last-handshake": None, "responder": None}),
    ("/ip/address", {"interface": "wg0", "address": "10.9.0.1"}, {"address": "10.9.0.1/32", "network": "10.9.0.1"}),
    ("/ip/address", {"interface": "wg0", "address": "10.9.0.1/24", "comment": "yes"},
     {"network": "10.9.0.0", "actual-interface": "wg0", "invalid": "false", "comment": "yes"}),
    ("/ip/route", {"dst-address": "10.8.1.1/16", "gateway": "wg0"},
     {"dst-address": "10.8.0.0/16", "immediate-gw": "wg0", "active": "true", "inactive": None, "static": "true",
      "distance": "1", "scope": "30", "target-scope": "10", "routing-table": "main"}),
    ("/ip/route", {"dst-address": "10.8.1.1", "gateway": "192.0.2.1"},
     {"dst-address": "10.8.1.1/32", "immediate-gw": "", "active": None, "inactive": "true"}),
    ("/ip/route", {"blackhole": "no", "dst-address": "10.0.0.0/8"}, {"blackhole": "", "gateway": None}),
    ("/ip/firewall/filter",
     {"chain": "input", "src-address": "10.0.0.1/32", "connection-state": "new,!invalid,related"},
     {"src-address": "10.0.0.1", "connection-state": "related,new,!invalid", "action": "accept", "log": "false"}),
    ("/ip/firewall/filter", {"chain": "input", "dst-address": "!10.0.0.0-10.0.0.255"}, {"dst-address": "!10.0.0.0/24"}),
    ("/ip/firewall/filter", {"chain": "input", "dst-address": "10.0.0.1-10.0.0.3"},
     {"dst-address": "10.0.0.1-10.0.0.3"}),
    ("/ip/firewall/address-list", {"list": "l", "address": "203.0.113.77/24"}, {"address": "203.0.113.0/24"}),
    ("/ip/firewall/address-list", {"list": "l", "address": "host.example"}, {"address": "host.example"}),
    ("/ipv6/firewall/address-list", {"list": "l", "address": "fd00::1"}, {"address": "fd00::1/128"}),
    ("/routing/table", {"name": "t", "fib": ""}, {"fib": "", "dynamic": "false"}),
]  # fmt: skip


@pytest.mark.parametrize(("menu", "given", "printed"), FORMS, ids=lambda value: value if isinstance(value, str) else "")
def test_values_are_printed_in_their_canonical_form(
    common: Client, menu: str, given: dict[str, str], printed: dict[str, str | None]
) -> None:
    identity = common.add(menu, **given)
    row = common.rows(menu, f"?.id={identity}")[0]
    assert {name: row.get(name) for name in printed} == printed


REFUSALS = [
    ("/interface/wireguard/peers", {}, "missing value(s) of argument(s) interface allowed-address"),
    ("/interface/wireguard/peers", {"is-responder": "yes"}, "unknown parameter is-responder"),
    ("/interface/wireguard/peers", {"interface": "nope", "allowed-address": "bad"},
     "input does not match any value of interface"),
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "bad"},
     "invalid value for argument allowed-address"),
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "", "public-key": "abc"},
     "invalid value for argument public-key"),
    ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "", "persistent-keepalive": "65536"},
     "value of persistent-keepalive is out of range (00:00:00 .. 18:12:15)"),
    ("/interface/wireguard", {"mtu": "1420x"}, "value of mtu contains invalid trailing characters"),
    ("/interface/wireguard", {"listen-port": "70000"}, "value of listen-port is out of range (0 .. 65535)"),
    ("/interface/wireguard", {"name": "wg0"}, "failure: already have interface with such name"),
    ("/interface/wireguard", {"name": "ether1"}, "failure: already have interface with such name"),
    ("/interface/wireguard", {"public-key": KEY}, "unknown parameter public-key"),
    ("/ip/address", {"interface": "wg0", "address": "10.0.0.300/24"}, "invalid value for argument address"),
    ("/ip/route", {"routing-table": "nope", "gateway": "wg0"}, "input does not match any value of routing-table"),
    ("/ip/dns/static", {"address": "10.0.0.1"}, "failure: name or regexp required"),
    ("/ip/firewall/filter", {"chain": "input", "action": "fly"}, "input does not match any value of action"),
    ("/ip/firewall/filter", {"chain": "input", "action": "a"},
     "ambiguous value of action, more than one possible value matches input"),
]  # fmt: skip


@pytest.mark.parametrize(("menu", "given", "text"), REFUSALS, ids=[text for _menu, _given, text in REFUSALS])
def test_a_refusal_has_its_text_and_stores_nothing(common: Client, menu: str, given: dict[str, str], text: str) -> None:
    before = common.rows(menu)
    answer = common.run(f"{menu}/add", *(f"={name}={value}" for name, value in given.items()))
    assert answer.trap == text
    assert common.rows(menu) == before


@pytest.mark.parametrize(
    ("menu", "given", "text"),
    [
        ("/ip/address", {"interface": "wg0", "address": "10.0.0.1/24"}, "failure: already have such address"),
        ("/ip/firewall/address-list", {"list": "a", "address": "10.0.0.1"}, "failure: already have such entry"),
        ("/interface/wireguard/peers", {"interface": "wg0", "allowed-address": "", "public-key": KEY},
         "failure: entry already exists"),
        ("/ip/dns/static", {"name": "a.example", "address": "10.0.0.1"}, "failure: entry already exists"),
        ("/interface/list", {"name": "x"}, "failure: already have interface list with such name"),
        ("/interface/list/member", {"list": "all", "interface": "wg0"}, "failure: already have such entry"),
    ],
)  # fmt: skip
def test_what_is_there_already_is_refused(api: Client, menu: str, given: dict[str, str], text: str) -> None:
    api.add(menu, **given)
    assert api.run(f"{menu}/add", *(f"={name}={value}" for name, value in given.items())).trap == text


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        ("7.9", {"public-key", "persistent-keepalive"},
         {"name", "private-key", "client-address", "responder", "dynamic"}),
        ("7.12", {"private-key", "client-address", "dynamic"}, {"name", "is-responder", "client-allowed-address"}),
        ("7.15", {"name", "is-responder"}, {"responder"}),
        ("7.16.2", {"name", "is-responder"}, {"responder"}),
        ("7.17", {"responder"}, {"is-responder", "client-allowed-address"}),
        ("7.21", {"responder", "client-allowed-address"}, {"is-responder", "client-mtu"}),
        ("7.24", {"responder", "client-allowed-address"}, {"is-responder", "client-mtu"}),
    ],
)  # fmt: skip
def test_a_version_knows_its_peer_properties(
    routeros: Start, connect: Connect, version: str, known: set[str], unknown: set[str]
) -> None:
    api = connect(routeros("--version", version))
    api.add("/interface/wireguard", name="wg0")
    values = {"public-key": KEY, "client-address": "10.0.0.2", "name": "n", "private-key": PRIVATE}
    assert peer(api)["rx"] == "0"
    for name in known - {"dynamic"}:
        text = values.get(name, "10s" if name.endswith("keepalive") else "10.0.0.0/24" if "address" in name else "yes")
        assert api.run("/interface/wireguard/peers/set", "=.id=*1", f"={name}={text}").trap is None, name
    for name in unknown:
        assert api.run("/interface/wireguard/peers/set", "=.id=*1", f"={name}=x").trap == f"unknown parameter {name}"
    assert unknown.isdisjoint(api.rows("/interface/wireguard/peers")[0])


def test_the_public_key_follows_the_private_one(api: Client) -> None:
    # RFC 7748 section 6.1, Alice's keys.
    private, public = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=", "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
    assert api.run("/interface/wireguard/set", "=.id=wg0", f"=private-key={private}").trap is None
    assert api.rows("/interface/wireguard")[0]["public-key"] == public


def test_an_interface_has_one_id_wherever_it_is_seen(api: Client) -> None:
    mine = api.rows("/interface/wireguard")[0]
    generic = next(row for row in api.rows("/interface") if row["name"] == "wg0")
    assert (generic[".id"], generic["type"], generic["running"]) == (mine[".id"], "wg", "true")


def test_ids_count_upwards_in_hexadecimal_and_are_never_used_again(api: Client) -> None:
    ids = [api.add("/ip/pool", name=f"p{number}", ranges="10.0.0.1") for number in range(11)]
    assert ids[-2:] == ["*A", "*B"]
    api.run("/ip/pool/remove", "=.id=*B")
    assert api.add("/ip/pool", name="again", ranges="10.0.0.1") == "*C"


def test_peers_of_a_removed_interface_dangle(api: Client) -> None:
    peer(api, public_key=KEY)
    api.add("/ip/address", interface="wg0", address="10.0.0.1/24")
    identity = api.rows("/interface/wireguard")[0][".id"]
    assert api.run("/interface/wireguard/remove", f"=.id={identity}").trap is None
    assert api.rows("/interface/wireguard/peers")[0]["interface"] == identity
    address = api.rows("/ip/address")[0]
    assert (address["interface"], address["invalid"]) == (identity, "true")


def test_references_survive_a_renaming(api: Client) -> None:
    peer(api)
    api.run("/interface/wireguard/set", "=.id=wg0", "=name=tunnel")
    assert api.rows("/interface/wireguard/peers")[0]["interface"] == "tunnel"


def test_a_route_through_a_disabled_interface_is_inactive(api: Client) -> None:
    api.add("/ip/route", dst_address="10.8.0.0/16", gateway="wg0")
    api.run("/interface/wireguard/disable", "=.id=wg0")
    row = api.rows("/ip/route")[0]
    assert (row.get("active"), row["inactive"], row["immediate-gw"]) == (None, "true", "")


def test_a_connected_route_is_dynamic_and_cannot_be_removed(api: Client) -> None:
    api.add("/ip/address", interface="wg0", address="10.0.0.1/24")
    row = api.rows("/ip/route", "?connect")[0]
    assert (row["dst-address"], row["dynamic"], row["local-address"]) == ("10.0.0.0/24", "true", "10.0.0.1%wg0")
    assert api.run("/ip/route/remove", f"=.id={row['.id']}").trap == "cannot remove builtin"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["=.id=*3", "=destination=*1"], "caB"),
        (["=numbers=*1"], "bca"),
        (["=numbers=*1,*2", "=destination="], "cab"),
        (["=.id=*1", "=destination=*1"], "abc"),
    ],
)  # fmt: skip
def test_move_puts_rules_before_their_destination_or_last(api: Client, words: list[str], expected: str) -> None:
    for name in "abc":
        api.add("/ip/firewall/filter", chain="input", comment=name)
    assert api.run("/ip/firewall/filter/move", *words).trap is None
    assert "".join(row["comment"] for row in api.rows("/ip/firewall/filter")) == expected.lower()


def test_place_before_is_obeyed_and_not_kept(api: Client) -> None:
    first = api.add("/ip/firewall/nat", chain="srcnat", action="masquerade")
    second = api.add("/ip/firewall/nat", chain="srcnat", place_before=first)
    rows = api.rows("/ip/firewall/nat")
    assert [row[".id"] for row in rows] == [second, first]
    assert "place-before" not in rows[0]


def test_nothing_goes_before_the_dummy_of_fasttrack(api: Client) -> None:
    api.add("/ip/firewall/filter", chain="forward", action="fasttrack-connection")
    dummy = api.rows("/ip/firewall/filter")[0]
    assert (dummy["dynamic"], dummy["comment"]) == ("true", "special dummy rule to show fasttrack counters")
    answer = api.run("/ip/firewall/filter/add", "=chain=input", f"=place-before={dummy['.id']}")
    assert answer.trap == "failure: cannot move before dynamic"
    assert api.run("/ip/firewall/filter/remove", f"=.id={dummy['.id']}").trap == "cannot remove builtin"


def test_unset_takes_a_value_away_where_the_menu_has_it(api: Client) -> None:
    rule = api.add("/ip/firewall/filter", chain="input", protocol="udp", dst_port="53")
    assert api.run("/ip/firewall/filter/unset", f"=.id={rule}", "=value-name=dst-port").trap is None
    assert api.run("/ip/firewall/filter/set", f"=.id={rule}", "=!protocol=").trap is None
    assert {"dst-port", "protocol"}.isdisjoint(api.rows("/ip/firewall/filter")[0])
    assert api.run("/interface/wireguard/unset", "=.id=wg0", "=value-name=comment").trap == "no such command"


def test_remove_of_a_list_with_a_bad_id_is_a_switch(routeros: Start, connect: Connect) -> None:
    for choice, left in (("all-or-nothing", 1), ("until-error", 0)):
        api = connect(routeros("--unconfirmed", f"remove-list={choice}"))
        api.add("/ip/pool", name="p", ranges="10.0.0.1")
        assert api.run("/ip/pool/remove", "=.id=*1,*FFF").trap == "no such item"
        assert len(api.rows("/ip/pool")) == left


def test_proplist_narrows_and_queries_see_what_it_leaves_out(api: Client) -> None:
    assert api.rows("/interface", "=.proplist=type,gone", "?name=wg0") == [{"type": "wg"}]
    assert api.run("/interface/print", "=count-only=", "?type=ether").ret == "5"


def test_enable_disable_and_comment_are_settings(api: Client) -> None:
    identity = peer(api)[".id"]
    api.run("/interface/wireguard/peers/disable", f"=.id={identity}")
    api.run("/interface/wireguard/peers/comment", f"=.id={identity}", "=comment=note")
    row = api.rows("/interface/wireguard/peers")[0]
    assert (row["disabled"], row["comment"]) == ("true", "note")
    api.run("/interface/wireguard/peers/comment", f"=.id={identity}", "=comment=")
    assert "comment" not in api.rows("/interface/wireguard/peers")[0]


def test_an_unknown_switch_and_an_unknown_choice_are_refused(routeros: Start) -> None:
    for setting in ("no-such=1", "remove-list=sometimes"):
        with pytest.raises(RuntimeError):
            routeros("--unconfirmed", setting)
