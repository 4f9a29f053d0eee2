# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration_reader import (
    parse_declaration,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    Registry,
    parse_found_keys,
    parse_registry,
    render_registry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.settling import (
    Settled,
    provisional,
    settle,
    unpinned,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import (
    client_keys,
    client_network_data,
    derive,
    found_keys,
    key_text,
    network_data,
    offices,
    public_key,
    settled,
)

SCRIPT = ["office1", "office2", "branch"]


def addresses(registry: Registry, member: str) -> list[str]:
    return [str(address) for address in registry["corp"].members[member].addresses]


def settle_offices(registry: Registry, *changes: tuple[str, Any]) -> Settled:
    return settle(parse_declaration(offices(*changes)), registry)


def test_newcomers_get_the_lowest_free_addresses_in_declared_order() -> None:
    registry = settle_offices({}).registry
    assert [addresses(registry, name) for name in SCRIPT] == [
        ["10.255.255.1/24", "fd66::1/64"],
        ["10.255.255.2/24", "fd66::2/64"],
        ["10.255.255.3/24", "fd66::3/64"],
    ]


def test_a_declared_address_is_kept_free_for_its_member() -> None:
    result = settle_offices({}, ("members.branch.address", ["10.255.255.1/24"]))
    assert addresses(result.registry, "office1")[0] == "10.255.255.3/24"
    assert addresses(result.registry, "branch") == ["10.255.255.1/24", "fd66::3/64"]


def test_an_empty_list_is_no_tunnel_address() -> None:
    assert addresses(settle_offices({}, ("members.branch.address", [])).registry, "branch") == []


def test_a_declared_address_moves_its_member_and_nobody_else() -> None:
    before = settle_offices({}).registry
    after = settle_offices(before, ("members.office1.address", ["10.255.255.9/24"])).registry
    assert addresses(after, "office1") == ["10.255.255.9/24", "fd66::1/64"]
    assert addresses(after, "branch") == addresses(before, "branch")


def test_an_address_that_its_member_gives_up_is_free_for_another() -> None:
    before = settle_offices({}).registry
    after = settle_offices(before, ("members.branch.address", []), ("members.office1.address", ["10.255.255.3/24"]))
    assert after.problems == ()
    assert addresses(after.registry, "office1") == ["10.255.255.3/24", "fd66::1/64"]


def test_two_members_may_swap_their_declared_addresses() -> None:
    one, two = ["10.255.255.8/24"], ["10.255.255.9/24"]
    before = settle_offices({}, ("members.office1.address", one), ("members.branch.address", two)).registry
    after = settle_offices(before, ("members.office1.address", two), ("members.branch.address", one))
    assert after.problems == ()
    assert [addresses(after.registry, name)[0] for name in ("office1", "branch")] == two + one


def test_a_declared_address_that_is_pinned_for_another_is_a_problem() -> None:
    before = settle_offices({}).registry
    after = settle_offices(before, ("members.branch.address", ["10.255.255.1/24"]))
    assert [str(problem) for problem in after.problems] == [
        "wireguard_networks.corp.members.branch.address: 10.255.255.1 is pinned for office1"
    ]
    assert after.registry == before


def test_who_leaves_keeps_address_and_interface_and_gets_them_again() -> None:
    before = settled(parse_declaration(offices()))
    without = settle_offices(before, ("members.office1", None), ("members.late", {"endpoint": "192.0.2.9"})).registry
    gone = without["corp"].members["office1"]
    assert gone == before["corp"].members["office1"]._replace(departed=True)
    assert addresses(without, "late") == ["10.255.255.4/24", "fd66::4/64"]
    assert settle_offices(without).registry["corp"].members["office1"] == before["corp"].members["office1"]


def test_a_whole_network_departs() -> None:
    before = settled(parse_declaration(offices()))
    after = settle({}, before).registry
    assert {entry.departed for entry in after["corp"].members.values()} == {True}


def test_a_renamed_interface_is_not_forgotten() -> None:
    before = settle_offices({}).registry
    renamed = settle_offices(before, ("interface", "wg9")).registry["corp"].members["branch"]
    assert (renamed.interface, renamed.former_interfaces) == ("wg9", ("wg0",))
    back = settle_offices(settle_offices(before, ("interface", "wg9")).registry).registry["corp"].members["branch"]
    assert (back.interface, back.former_interfaces) == ("wg0", ("wg9",))


def test_a_new_pool_gives_new_addresses_and_a_longer_one_moves_nobody() -> None:
    before = settle_offices({}).registry
    wider = settle_offices(before, ("pool", ["10.255.254.0/23", "fd66::/64"])).registry
    assert addresses(wider, "branch") == ["10.255.255.3/23", "fd66::3/64"]
    other = settle_offices(before, ("pool", ["10.9.0.0/24"]), ("members.office2.address", None)).registry
    assert addresses(other, "branch") == ["10.9.0.3/24"]


@pytest.mark.parametrize(
    ("before", "had", "after", "gets"),
    [
        ("10.255.255.0/24", "10.255.255.3", "10.255.255.0/30", "10.255.255.2/30"),
        ("10.255.254.0/23", "10.255.255.0", "10.255.255.0/24", "10.255.255.2/24"),
        ("fd66::/64", "fd66::80", "fd66::/120", "fd66::2/120"),
    ],
    ids=["broadcast", "network", "anycast"],
)
def test_what_a_changed_pool_does_not_give_to_members_is_outside_of_it(
    before: str, had: str, after: str, gets: str
) -> None:
    alone = ("members.office2", None)
    start = settle_offices({}, alone, ("pool", [before]), ("members.branch.address", [had])).registry
    changed = settle_offices(start, alone, ("pool", [after]))
    assert (addresses(changed.registry, "branch"), changed.problems) == ([gets], ())


def test_who_has_what_a_changed_pool_does_not_give_is_told_where_nothing_else_is_free() -> None:
    before = settle_offices({}, ("pool", ["10.255.255.0/24"])).registry
    (problem,) = settle_offices(before, ("pool", ["10.255.255.0/30"])).problems
    assert "10.255.255.0/30 has no free address left for branch" in str(problem)


def test_an_exhausted_pool_is_a_problem_with_its_place() -> None:
    result = settle_offices({}, ("pool", ["10.255.255.0/30"]))
    (problem,) = result.problems
    assert str(problem) == (
        "wireguard_networks.corp.pool: 10.255.255.0/30 has no free address left for branch: make it larger, as with"
        " 10.255.255.0/29, in which all keep what they have"
    )


def test_a_found_key_is_pinned() -> None:
    declaration = parse_declaration(offices())
    registry = settle(declaration, {}, {"branch": {"corp": public_key("b")}}).registry
    assert [registry["corp"].members[name].public_key for name in SCRIPT] == [None, None, public_key("b")]


def test_a_found_key_that_differs_is_reported_and_the_pinned_one_stays() -> None:
    declaration = parse_declaration(offices())
    before = settled(declaration)
    result = settle(declaration, before, {"branch": {"corp": public_key("intruder")}})
    assert result.registry == before
    (problem,) = result.problems
    assert problem.place == "wireguard_registry.networks.corp.members.branch.public_key"
    for word in ("branch", "corp", key_text("intruder"), key_text("branch in corp"), "remove the pinned key"):
        assert word in problem.message


def test_a_key_that_two_hosts_have_is_reported() -> None:
    declaration = parse_declaration(offices())
    clone = public_key("cloned image")
    result = settle(declaration, {}, {"office1": {"corp": clone}, "branch": {"corp": clone}})
    assert result.registry["corp"].members["branch"].public_key is None
    assert [problem.place for problem in result.problems] == [
        "wireguard_registry.networks.corp.members.branch.public_key"
    ]


def test_an_outsiders_declared_key_is_pinned_and_follows_the_declaration() -> None:
    outsider = {"external": True, "endpoint": "192.0.2.9"}
    first = settle_offices({}, ("members.partner", {**outsider, "public_key": key_text("1")})).registry
    second = settle_offices(first, ("members.partner", {**outsider, "public_key": key_text("2")}))
    assert (second.registry["corp"].members["partner"].public_key, second.problems) == (public_key("2"), ())
    assert addresses(second.registry, "partner") == ["10.255.255.4/24", "fd66::4/64"]


@pytest.mark.parametrize("deriving", [True, False])
def test_a_supplied_private_key_decides_about_the_public_one(deriving: bool) -> None:
    declaration = parse_declaration(offices(("members.branch.private_key", key_text("secret"))))
    member = declaration["corp"].members["branch"]
    assert member.private_key is not None
    half = derive(member.private_key)
    before = settled(parse_declaration(offices()))
    result = settle(declaration, before, {"branch": {"corp": half}}, derive if deriving else None)
    assert (result.registry["corp"].members["branch"].public_key, result.problems) == (half, ())


def test_the_registry_reads_what_it_writes() -> None:
    registry = settled(parse_declaration(offices()))
    registry = settle_offices(registry, ("interface", "wg9"), ("members.branch", None)).registry
    assert parse_registry(render_registry(registry)) == registry


def test_the_registrys_text_is_short_and_holds_no_defaults() -> None:
    data = render_registry(settled(parse_declaration(offices())))
    assert data["networks"]["corp"]["members"]["office1"] == {
        "public_key": key_text("office1 in corp"),
        "addresses": ["10.255.255.1/24", "fd66::1/64"],
        "interface": "wg0",
    }


def test_a_wrong_registry_is_refused_with_all_places() -> None:
    members = {"a": {"public_key": "short", "colour": 1}, "b": {"addresses": ["10.0.0.300/24"]}}
    with pytest.raises(InvalidInput) as caught:
        parse_registry({"version": 2, "networks": {"corp": {"members": members}}})
    assert [problem.place for problem in caught.value.problems] == [
        "wireguard_registry.version",
        "wireguard_registry.networks.corp.members.a.colour",
        "wireguard_registry.networks.corp.members.a.public_key",
        "wireguard_registry.networks.corp.members.b.addresses[0]",
    ]


def test_an_empty_registry_is_none_at_all() -> None:
    assert parse_registry(None) == parse_registry({}) == {}


def test_found_keys_that_are_empty_were_not_found() -> None:
    assert parse_found_keys({"a": {"corp": ""}, "b": None}) == {"a": {}, "b": {}}
    with pytest.raises(InvalidInput, match=r"^public_keys\.a\.corp: is no key"):
        parse_found_keys({"a": {"corp": "x"}})


@given(network_data())
def test_settling_twice_changes_nothing(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    once = settle(declaration, {}, found_keys(declaration))
    assert settle(declaration, once.registry, found_keys(declaration)) == once
    assert settle(declaration, once.registry) == once


@given(network_data(topology="mesh"), network_data(topology="mesh"))
def test_nobody_moves_when_others_come_and_go(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = settle(parse_declaration(first), {}).registry
    after = settle(parse_declaration(second), before).registry
    for name, entry in before["net"].members.items():
        assert after["net"].members[name].addresses == entry.addresses
    everyone = [address for entry in after["net"].members.values() for address in entry.addresses]
    assert len(everyone) == len(set(everyone))


@given(network_data(topology="mesh"), st.randoms())
def test_the_order_of_asking_does_not_matter(data: dict[str, Any], random: Any) -> None:
    declaration = parse_declaration(data)
    registry = settle(declaration, {}).registry
    hosts = list(found_keys(declaration).items())
    random.shuffle(hosts)
    for host, keys in hosts:
        registry = settle(declaration, registry, {host: keys}).registry
    assert registry == settle(declaration, {}, found_keys(declaration)).registry


TODAY = Day(2027, 1, 31)
ALICE = ("clients.alice", {"via": ["office1"]})


def settle_clients(registry: Registry, *changes: tuple[str, Any], today: Day | None = TODAY) -> Settled:
    return settle(parse_declaration(offices(*changes)), registry, today=today)


def client_addresses(registry: Registry, name: str) -> list[str]:
    return [str(address) for address in registry["corp"].clients[name].addresses]


def test_clients_have_addresses_of_the_same_pools_as_members() -> None:
    registry = settle_clients({}, ALICE, ("clients.bob", {"via": ["office1"], "address": ["10.255.255.4"]})).registry
    assert client_addresses(registry, "alice") == ["10.255.255.5/24", "fd66::4/64"]
    assert client_addresses(registry, "bob") == ["10.255.255.4/24", "fd66::5/64"]


def test_the_address_of_a_client_that_left_is_reserved_and_then_free() -> None:
    before = settle_clients({}, ALICE).registry
    left = settle_clients(before, ("client_reservation", 10)).registry
    assert left["corp"].clients["alice"].reserved_until == Day(2027, 2, 10)
    assert client_addresses(left, "alice") == client_addresses(before, "alice")
    bob = ("clients.bob", {"via": ["office1"]})
    in_time = settle_clients(left, bob, today=Day(2027, 2, 10)).registry
    assert client_addresses(in_time, "bob") == ["10.255.255.5/24", "fd66::5/64"]
    after = settle_clients(left, bob, today=Day(2027, 2, 11)).registry
    assert "alice" not in after["corp"].clients
    assert client_addresses(after, "bob") == ["10.255.255.4/24", "fd66::4/64"]


def test_who_comes_back_in_time_has_the_address_again() -> None:
    before = settle_clients({}, ALICE).registry
    left = settle_clients(before, ("clients.bob", {"via": ["office1"]})).registry
    back = settle_clients(left, ALICE, today=Day(2027, 3, 1)).registry
    assert client_addresses(back, "alice") == client_addresses(before, "alice")
    assert back["corp"].clients["alice"].reserved_until is None


def test_the_key_of_who_left_is_revoked_for_good() -> None:
    keys = {"corp": {"alice": public_key("made")}}
    before = settle(parse_declaration(offices(ALICE)), {}, client_keys=keys, today=TODAY).registry
    assert settle_clients(before, ALICE).registry["corp"].clients["alice"].public_key == public_key("made")
    back = settle_clients(settle_clients(before).registry, ALICE).registry
    assert back["corp"].clients["alice"].public_key is None


def test_a_reservation_neither_begins_nor_ends_without_a_date() -> None:
    before = settle_clients({}, ALICE).registry
    left = settle_clients(before, today=None).registry
    assert left["corp"].clients["alice"].reserved_until is None
    reserved = settle_clients(left).registry
    assert reserved["corp"].clients["alice"].reserved_until == Day(2027, 5, 1)
    assert settle_clients(reserved, today=None).registry == reserved


def test_the_clients_of_a_whole_network_that_left_are_reserved_too() -> None:
    before = settle_clients({}, ALICE).registry
    assert settle({}, before, today=TODAY).registry["corp"].clients["alice"].reserved_until == Day(2027, 5, 1)


def test_an_expired_client_keeps_its_entry() -> None:
    before = settle_clients({}, ALICE).registry
    assert settle_clients(before, ("clients.alice", {"via": ["office1"], "expires": "2027-01-01"})).registry == before


def test_a_declared_address_that_a_client_holds_is_a_problem_at_the_one_who_wants_it() -> None:
    before = settle_clients({}, ALICE).registry
    wanted = ("members.late", {"endpoint": "192.0.2.9", "address": ["10.255.255.4"]})
    assert [str(problem) for problem in settle_clients(before, ALICE, wanted).problems] == [
        "wireguard_networks.corp.members.late.address: 10.255.255.4 is pinned for alice"
    ]
    (problem,) = settle_clients(before, wanted).problems
    assert "alice, which has left" in problem.message


def test_the_keys_of_clients_are_pinned_as_those_of_hosts() -> None:
    declaration = parse_declaration(
        offices(ALICE, ("clients.bob", {"via": ["office1"], "public_key": key_text("own")}))
    )
    keys = {"corp": {"alice": public_key("made"), "bob": public_key("made too"), "nobody": public_key("x")}}
    registry = settle(declaration, {}, client_keys=keys).registry
    clients = registry["corp"].clients
    assert {name: entry.public_key for name, entry in clients.items()} == {
        "alice": public_key("made"),
        "bob": public_key("own"),
    }
    changed = settle(declaration, registry, client_keys={"corp": {"alice": public_key("another")}})
    assert changed.registry == registry
    assert [problem.place for problem in changed.problems] == [
        "wireguard_registry.networks.corp.clients.alice.public_key"
    ]


def test_a_client_and_a_member_do_not_share_a_key() -> None:
    declaration = parse_declaration(offices(ALICE))
    clone = public_key("clone")
    result = settle(declaration, {}, {"office1": {"corp": clone}}, client_keys={"corp": {"alice": clone}})
    assert result.registry["corp"].clients["alice"].public_key is None
    assert ["alice" in problem.place for problem in result.problems] == [True]


def test_the_registry_reads_what_it_writes_of_clients() -> None:
    registry = settle_clients(settle_clients({}, ALICE).registry, ("clients.bob", {"via": ["office1"]})).registry
    data = render_registry(registry)
    assert parse_registry(data) == registry
    assert data["networks"]["corp"]["clients"]["alice"] == {
        "addresses": ["10.255.255.4/24", "fd66::4/64"],
        "servers": ["office1"],
        "reserved_until": "2027-05-01",
    }


def test_a_released_key_is_forgotten_so_that_the_next_one_is_taken() -> None:
    declaration = parse_declaration(offices())
    before = settled(declaration)
    freed = unpinned(before, {"branch": ("corp",), "office1": ("another",)})
    assert freed["corp"].members["branch"] == before["corp"].members["branch"]._replace(public_key=None)
    assert freed["corp"].members["office1"] == before["corp"].members["office1"]
    returned = settle(declaration, freed, {"branch": {"corp": public_key("new")}})
    assert (returned.problems, returned.registry["corp"].members["branch"].public_key) == ((), public_key("new"))


def test_a_key_that_is_not_written_is_provisional_until_the_next_settling() -> None:
    declaration = parse_declaration(offices())
    written = settled(declaration)
    keys = found_keys(parse_declaration({"renamed": offices()["corp"]}))
    result = settle(parse_declaration({"renamed": offices()["corp"]}), written, keys).registry
    marked = provisional(result, written)
    assert {entry.provisional for entry in marked["renamed"].members.values()} == {True}
    assert {entry.provisional for entry in marked["corp"].members.values()} == {False}
    assert parse_registry(render_registry(marked)) == marked
    assert settle(parse_declaration({"renamed": offices()["corp"]}), marked, keys).registry == result


@given(client_network_data())
def test_settling_clients_twice_changes_nothing(data: dict[str, Any]) -> None:
    declaration = parse_declaration(data)
    keys = client_keys(declaration)
    once = settle(declaration, {}, found_keys(declaration), None, keys, TODAY)
    assert settle(declaration, once.registry, found_keys(declaration), None, keys, TODAY) == once
    everyone = [address for entry in once.registry["net"].clients.values() for address in entry.addresses]
    everyone += [address for entry in once.registry["net"].members.values() for address in entry.addresses]
    assert len(everyone) == len(set(everyone))
