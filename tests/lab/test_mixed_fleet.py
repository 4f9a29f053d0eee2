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

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks, demo_topology
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    DEMO_SITES,
    WORKSTATIONS,
    Fleet,
    as_json,
    demo_networks,
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
    module_calls,
    office,
    rows,
    switched_on,
    without_ids,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

ROUTER = "office2"
LINUX = tuple(host for host in DEMO_SITES if host != ROUTER)
LOUD = ("-vvvv", "--diff")
PATHS = [
    (source, address)
    for source in WORKSTATIONS
    for target, addresses in WORKSTATIONS.items()
    if source != target
    for address in addresses
]


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
    defconf = ("--defconf", "--lan", "10.1.101.1/24")
    with switched_on(lab, ROUTER, *defconf, seed=seed, ether1="wan", bridge="lan") as router:
        joined = MixedLab(lab.name, lab.topology, {ROUTER: router})
        fleet = Fleet(joined, Playbooks(tmp_path_factory.mktemp("mixed")), DEMO_SITES, demo_networks())
        before, unconfigured, export = hosts_of(joined), rows(router), exported(joined, ROUTER)
        check = fleet.run("--check", *LOUD)
        after_check = hosts_of(joined), rows(router)
        yield Mixed(
            fleet, joined, router, before, unconfigured, export, check, fleet.run(*LOUD), after_check
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


def without_keys(done: list[dict[str, Any]]) -> set[str]:
    """Steps without the public keys that a host had not made yet when they were announced.

    In a check, the call that configures a router's interface announces it anew: the call that makes its key has not
    made it either.
    """
    return {as_json({name: value for name, value in step.items() if name != "public_key"}) for step in done}


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
    assert {host: module_calls(mixed.first, host) for host in DEMO_SITES} == dict.fromkeys(DEMO_SITES, 3)
    assert {host: module_calls(second, host) for host in DEMO_SITES} == dict.fromkeys(DEMO_SITES, 2)


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
    broken = mixed.fleet.run("-e", json.dumps({"site_to_site_probe_timeout": 1}), play="status", code=2)
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
    refused = mixed.fleet.run(code=2)
    assert entry["public_key"] in refused.of("routeros_interface", ROUTER)[-1]["results"][0]["msg"]
    assert rows(mixed.router) == mixed.unconfigured
    mixed.fleet.forget_key(ROUTER)
    mixed.fleet.run()
    back = mixed.fleet.pinned(ROUTER)
    assert (back["addresses"], back["public_key"] != entry["public_key"]) == (entry["addresses"], True)
    assert silent(mixed.lab, PATHS) == []


def test_teardown_leaves_every_host_as_it_was(mixed: Mixed) -> None:
    mixed.fleet.run(play="teardown")
    assert rows(mixed.router) == mixed.unconfigured
    assert exported(mixed.lab, ROUTER) == mixed.export
    assert hosts_of(mixed.lab) == mixed.before
    assert {tuple(ours(mixed.lab, host)) for host in LINUX} == {("/etc/wireguard/corp.key",)}
    assert mixed.fleet.run(play="teardown").changed() == 0
