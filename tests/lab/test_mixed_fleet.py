# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router with the default firewall joins Linux hosts, by the same declaration and the same playbooks.

office1 and branch are Linux, branch behind NAT; office2 is the router. The tests of this file share one fleet, and each
leaves it converged.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.guarded_fleet import (
    ADDRESSES,
    LINUX,
    OUTSIDE,
    PATHS,
    PHONE,
    ROUTER,
    WEB,
    Guarded,
)
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, demo_topology
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import asked, name_server, questions
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    DEMO_SITES,
    PATIENTLY,
    Fleet,
    as_json,
    demo_networks,
    module_calls,
    ours,
    peers,
    silent,
    snapshot,
    steps,
    with_networks,
    writes,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import (
    FILTER,
    PASSWORD,
    PEERS,
    MixedLab,
    Rows,
    exported,
    is_ours,
    mentioning,
    office,
    rows,
    switched_on,
    without_ids,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

SECRET = "canary-of-all-preshared-keys"
LOUD = ("-vvvv", "--diff")
# The name server behind office1, and what each name server answers.
INSIDE, OF_THE_OFFICE, OF_THE_INTERNET = "10.1.202.53", "10.77.0.1", "10.88.0.1"
LAN = "10.1.101.1"  # the router, to its workstation


class Mixed(NamedTuple):
    """A fleet after a check and its first run, and how its hosts were before."""

    fleet: Fleet
    lab: MixedLab
    router: Simulator
    before: dict[str, Any]
    unconfigured: Rows
    export: list[tuple[str, str]]
    check: PlaybookRun
    first: PlaybookRun
    after_check: tuple[dict[str, Any], Rows]


@pytest.fixture(scope="module")
def mixed(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    lab = module_lab(demo_topology())
    seed = office("192.168.80.1/24", "192.168.80.254", "fd00:101::1/64")
    seed["/ip/dns"] = {"servers": ADDRESSES[PHONE]}
    lab.run("office1-pc", ["ip", "address", "add", f"{INSIDE}/24", "dev", "lan"])
    name_server(lab, "office1-pc", INSIDE, OF_THE_OFFICE)
    name_server(lab, PHONE, ADDRESSES[PHONE], OF_THE_INTERNET)
    defconf = ("--defconf", "--lan", f"{LAN}/24")
    with switched_on(lab, ROUTER, *defconf, seed=seed, ether1="wan", bridge="lan") as router:
        joined = MixedLab(lab.name, lab.topology, {ROUTER: router})
        fleet = Fleet(joined, Playbooks(tmp_path_factory.mktemp("mixed")), DEMO_SITES, demo_networks())
        before, unconfigured, export = hosts_of(joined), rows(router), exported(joined, ROUTER)
        check = fleet.run("--check", *LOUD)
        after_check = hosts_of(joined), rows(router)
        yield Mixed(
            fleet, joined, router, before, unconfigured, export, check, fleet.run(*LOUD, *PATIENTLY), after_check
        )  # fmt: skip


@pytest.fixture(scope="module")
def status(mixed: Mixed) -> PlaybookRun:
    return mixed.fleet.run(*LOUD, play="status")


def hosts_of(lab: Lab) -> dict[str, Any]:
    """The network state of the hosts that are no routers."""
    return {host: snapshot(lab, host) for host in LINUX}


def without(fleet: Fleet, member: str) -> Fleet:
    """The same fleet with a declaration that lacks a member."""
    networks = copy.deepcopy(fleet.networks)
    del networks["corp"]["members"][member]
    return with_networks(fleet, networks)


def without_keys(done: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps without the public keys that a host had not made yet when they were announced."""
    return [{name: value for name, value in step.items() if name != "public_key"} for step in done]


def test_packets_cross_between_all_workstations(mixed: Mixed) -> None:
    assert silent(mixed.lab, PATHS) == []


def test_a_check_announces_for_every_host_what_the_run_does(mixed: Mixed) -> None:
    assert mixed.after_check == (mixed.before, mixed.unconfigured)
    assert writes(mixed.check) == 0
    for host in DEMO_SITES:
        assert without_keys(steps(mixed.check, host)) == without_keys(steps(mixed.first, host)), host
        assert steps(mixed.first, host) != []
        assert mixed.check.recap[host]["changed"] == mixed.first.recap[host]["changed"]


def test_a_second_run_changes_and_writes_nothing_on_any_host(mixed: Mixed) -> None:
    there, asked = rows(mixed.router), len(mixed.router.writes())
    second = mixed.fleet.run()
    assert (second.changed(), writes(second)) == (0, 0)
    assert (rows(mixed.router), len(mixed.router.writes())) == (there, asked)
    assert {host: module_calls(mixed.first, host) for host in DEMO_SITES} == dict.fromkeys(DEMO_SITES, 2)
    assert {host: module_calls(second, host) for host in DEMO_SITES} == dict.fromkeys(DEMO_SITES, 1)


def test_neither_password_nor_key_is_ever_shown(mixed: Mixed, status: PlaybookRun) -> None:
    (interface,) = mixed.router.rows("/interface/wireguard")
    keys = [mixed.lab.run(host, ["cat", "/etc/wireguard/corp.key"]).stdout.strip() for host in LINUX]
    secrets = [PASSWORD, interface["private-key"], *keys]
    assert all(len(secret) > 20 for secret in secrets)
    for run in (mixed.check, mixed.first, status):
        said = run.output + as_json([entry.result for entry in run.results])
        assert [secret for secret in secrets if secret in said] == []
    assert not any(secret in mixed.fleet.registry.read_text(encoding="utf-8") for secret in secrets)


def test_status_has_a_row_for_each_link_of_the_router_and_tells_when_one_is_down(
    mixed: Mixed, status: PlaybookRun
) -> None:
    table = status.of("Show the links")[0]["msg"]
    assert len([line for line in table if ROUTER in line and " up " in line]) >= 2
    assert "down" not in "\n".join(table)
    (interface,) = mixed.router.rows("/interface/wireguard")
    with mixed.lab.api(ROUTER) as api:
        api.run("/interface/wireguard/disable", f"=.id={interface['.id']}")
    broken = mixed.fleet.run("-e", json.dumps({"wireguard_probe_timeout": 1}), play="status", code=2)
    assert "Not all declared links are up" in broken.output
    assert "down" in "\n".join(line for line in broken.of("Show the links")[0]["msg"] if ROUTER in line)
    repaired = mixed.fleet.run()
    assert [steps(repaired, host) for host in LINUX] == [[], []]
    assert steps(repaired, ROUTER) != []
    assert silent(mixed.lab, PATHS) == []


def test_a_rule_that_someone_moved_below_the_drop_is_moved_back(mixed: Mixed) -> None:
    before = rows(mixed.router)
    rule = next(row for row in before[FILTER] if row["chain"] == "input" and row.get("dst-port") == "13231")
    with mixed.lab.api(ROUTER) as api:
        api.run(f"{FILTER}/move", f"=.id={rule['.id']}")
    assert rows(mixed.router)[FILTER] != before[FILTER]
    run = mixed.fleet.run()
    assert [step["do"] for step in steps(run, ROUTER)] == ["move_opening"]
    assert (writes(run), run.changed()) == (1, 1)
    assert rows(mixed.router) == before
    assert silent(mixed.lab, PATHS) == []


def test_a_run_that_is_limited_to_the_router_writes_what_a_full_one_would(mixed: Mixed) -> None:
    before = rows(mixed.router)
    others = {host: mixed.fleet.state(host) for host in LINUX}
    losses = {
        PEERS: before[PEERS][0],
        "/ip/route": next(row for row in before["/ip/route"] if row["dst-address"] == "10.1.202.0/24"),
        "/ip/address": next(row for row in before["/ip/address"] if row["interface"] == "wg0"),
        FILTER: next(row for row in before[FILTER] if is_ours(row)),
    }
    with mixed.lab.api(ROUTER) as api:
        for menu, row in losses.items():
            assert api.run(f"{menu}/remove", f"=.id={row['.id']}").trap is None
    limited = mixed.fleet.run("--limit", ROUTER)
    assert (set(limited.recap), writes(limited)) == ({ROUTER}, len(losses))
    assert without_ids(rows(mixed.router)) == without_ids(before)
    assert {host: mixed.fleet.state(host) for host in LINUX} == others
    assert silent(mixed.lab, PATHS) == []


def test_a_member_that_leaves_takes_its_rows_along_and_no_others(mixed: Mixed) -> None:
    before = rows(mixed.router)
    entry = mixed.fleet.pinned("branch")
    tunnel = [address.partition("/")[0] for address in entry["addresses"]]
    prefixes = mixed.fleet.members()["branch"]["routes"]
    hosts = [f"{address}/{128 if ':' in address else 32}" for address in tunnel]
    gone, rest = mentioning(before, [entry["public_key"], *prefixes, *tunnel, *hosts])
    assert {menu: len(found) for menu, found in gone.items()} == {
        PEERS: 1, "/ip/route": 1, "/ipv6/route": 1, FILTER: 4, "/ipv6/firewall/filter": 4,
    }  # fmt: skip
    left = without(mixed.fleet, "branch").run()
    assert {menu: found for menu, found in rows(mixed.router).items() if found} == rest
    assert writes(left, ROUTER) == sum(map(len, gone.values()))
    assert peers(mixed.lab, "office1") == {mixed.fleet.pinned(ROUTER)["public_key"]}
    mixed.fleet.run()
    assert without_ids(rows(mixed.router)) == without_ids(before)


def test_the_router_itself_leaves_and_comes_back_with_another_key(mixed: Mixed) -> None:
    entry = mixed.fleet.pinned(ROUTER)
    without(mixed.fleet, ROUTER).run()
    assert rows(mixed.router) == mixed.unconfigured
    assert exported(mixed.lab, ROUTER) == mixed.export
    for host in LINUX:
        assert entry["public_key"] not in peers(mixed.lab, host)
        assert not [route for route in snapshot(mixed.lab, host)["routes"] if route["dst"] == "10.1.101.0/24"]
    assert "public_key" not in mixed.fleet.pinned(ROUTER)
    mixed.fleet.run()
    back = mixed.fleet.pinned(ROUTER)
    assert (back["addresses"], back["public_key"] != entry["public_key"]) == (entry["addresses"], True)
    assert silent(mixed.lab, PATHS) == []


def test_the_interface_of_the_router_gets_another_name_and_with_it_another_key(mixed: Mixed) -> None:
    fleet, entry = mixed.fleet, mixed.fleet.pinned(ROUTER)
    member = fleet.members()[ROUTER]
    member["interface"] = "wg-corp"
    announced = steps(fleet.run("--check"), ROUTER)
    run = fleet.run()
    assert [each["do"] for each in steps(run, ROUTER)] == [each["do"] for each in announced]
    assert module_calls(run, ROUTER) == 3
    pinned = fleet.pinned(ROUTER)
    assert pinned["public_key"] != entry["public_key"]
    assert "former_interfaces" not in pinned
    assert [row["name"] for row in rows(mixed.router)["/interface/wireguard"]] == ["wg-corp"]
    assert silent(mixed.lab, PATHS) == []
    assert fleet.run().changed() == 0
    del member["interface"]
    fleet.run()
    assert silent(mixed.lab, PATHS) == []


@pytest.fixture(scope="module")
def guarded(mixed: Mixed) -> Guarded:
    fleet = with_networks(mixed.fleet, mixed.fleet.networks)
    fleet.variables = {"wireguard_psk_secret": SECRET}
    corp = fleet.networks["corp"]
    corp.update(psk="per_pair", clients={PHONE: {"via": ["office1", ROUTER]}}, gateways={"office1": {}})
    corp["members"][ROUTER] |= {
        "gateway": "office1",
        "split": {"mode": "only", "prefixes": ["203.0.113.0/24"]},
        "dns": [{"servers": [INSIDE], "domains": ["corp.example"]}],
    }
    before = rows(mixed.router)
    return Guarded(fleet, fleet.run(*LOUD, play="vpn_gateway"), before)


def test_both_ends_of_each_pair_have_one_preshared_key_and_packets_cross(guarded: Guarded) -> None:
    pairs = guarded.preshared()
    expected = [("office1", "branch"), ("office1", ROUTER), ("branch", ROUTER), (PHONE, "office1"), (PHONE, ROUTER)]
    assert {pair: len(keys) for pair, keys in pairs.items()} == {frozenset(pair): 2 for pair in expected}
    assert all(len(set(keys)) == 1 for keys in pairs.values())
    found = {key for keys in pairs.values() for key in keys}
    assert (len(found), {len(key) for key in found}) == (len(expected), {44})
    assert guarded.silent() == []
    said = guarded.first.output + as_json([entry.result for entry in guarded.first.results])
    assert [secret for secret in (SECRET, *found) if secret in said] == []


def test_a_router_sends_through_the_gateway_what_is_split_off_and_nothing_else(guarded: Guarded) -> None:
    assert guarded.seen() == {WEB: OUTSIDE["office1"], PHONE: OUTSIDE[ROUTER]}


def test_the_workstation_of_a_router_gets_each_name_from_the_server_that_has_it_and_no_other_is_asked(
    mixed: Mixed, guarded: Guarded
) -> None:
    inside, outside = {"corp.example", "db.corp.example"}, {"www.example", "notcorp.example"}
    with questions(mixed.lab, ROUTER) as seen:
        assert names(mixed, *inside) == {OF_THE_OFFICE}
        assert names(mixed, *outside) == {OF_THE_INTERNET}
        assert names(mixed, "router.lan") == {LAN}
    assert seen == {"wg0": inside, "wan": outside}


def names(mixed: Mixed, *wanted: str) -> set[str]:
    """What the workstation behind the router is told of names."""
    return {asked(mixed.lab, f"{ROUTER}-pc", name, LAN) for name in wanted}


def test_the_run_after_that_writes_nothing(guarded: Guarded) -> None:
    again = guarded.fleet.run(play="vpn_gateway")
    assert (again.changed(), writes(again)) == (0, 0)


def test_another_epoch_renews_every_preshared_key_in_one_run(guarded: Guarded) -> None:
    before = guarded.preshared()
    guarded.fleet.networks["corp"]["psk_epoch"] = 2
    guarded.fleet.networks["corp"]["members"][ROUTER]["split"]["mode"] = "except"
    guarded.fleet.run(play="vpn_gateway")
    after = guarded.preshared()
    assert after.keys() == before.keys()
    assert all(len(set(keys)) == 1 and keys[0] != before[pair][0] for pair, keys in after.items())
    assert guarded.silent() == []
    again = guarded.fleet.run(play="vpn_gateway")
    assert (again.changed(), writes(again)) == (0, 0)


def test_a_router_sends_through_the_gateway_all_but_what_is_split_off(guarded: Guarded) -> None:
    assert guarded.seen() == {WEB: OUTSIDE[ROUTER], PHONE: OUTSIDE["office1"]}


def test_without_keys_clients_and_gateways_the_fleet_is_as_before_them(mixed: Mixed, guarded: Guarded) -> None:
    mixed.fleet.run()
    assert without_ids(rows(mixed.router)) == without_ids(guarded.unguarded)
    assert not guarded.file.exists()
    for host in LINUX:
        assert "(none)" in (shown := mixed.lab.run(host, ["wg", "show", "wg0", "preshared-keys"]).stdout)
        assert len(shown.splitlines()) == shown.count("(none)")
    assert "masquerade" not in as_json(hosts_of(mixed.lab)["office1"]["nftables"])
    assert names(mixed, "later.corp.example") == {OF_THE_INTERNET}
    assert silent(mixed.lab, PATHS) == []


def test_teardown_leaves_every_host_as_it_was(mixed: Mixed) -> None:
    mixed.fleet.run(play="teardown")
    assert rows(mixed.router) == mixed.unconfigured
    assert exported(mixed.lab, ROUTER) == mixed.export
    assert hosts_of(mixed.lab) == mixed.before
    assert {tuple(ours(mixed.lab, host)) for host in LINUX} == {("/etc/wireguard/corp.key",)}
    assert mixed.fleet.run(play="teardown").changed() == 0
    assert ("public_key" in mixed.fleet.pinned(ROUTER), "public_key" in mixed.fleet.pinned("branch")) == (False, True)
