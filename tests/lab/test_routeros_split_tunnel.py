# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module routeros_split_tunnel, by packets: who a server in the internet sees behind a router with its defaults."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import asked as asked_for
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import name_server, questions
from ansible_collections.wgfleet.wireguard.tests.lab.routers import Rows, rows, without_ids
from ansible_collections.wgfleet.wireguard.tests.lab.split_site import (
    FAR,
    GATEWAY,
    GATEWAY6,
    LAPTOP,
    LAPTOP6,
    NEAR,
    asked,
    routed,
    split_routed,
    ways,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

SET = ["203.0.113.0/24", "2001:db8:113::/48"]
IN_CLEAR = (LAPTOP, LAPTOP, LAPTOP6, LAPTOP6)
ROUTER = "10.5.0.1"  # on the LAN
CORP, ALL, WEB = "10.77.0.1", "10.99.0.1", "10.88.0.1"  # what each name server answers
MANGLE = "/ip/firewall/mangle"
Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def bench(module_lab: Callable[..., Lab]) -> Iterator[tuple[Lab, Simulator]]:
    with routed(module_lab) as bench:
        yield bench


@pytest.fixture
def lab(bench: tuple[Lab, Simulator]) -> Lab:
    return bench[0]


@pytest.fixture
def module(bench: tuple[Lab, Simulator], tmp_path: Path) -> Iterator[Module]:
    """``module(**options)`` runs the module for the router; it is removed at the end."""
    yield lambda *flags, **options: split_routed(bench[1], tmp_path / "run", flags, **options)
    assert "failed" not in split_routed(bench[1], tmp_path / "run", state="absent")


def state(bench: tuple[Lab, Simulator]) -> Rows:
    return without_ids(rows(bench[1]))


def test_only_the_set_goes_through_the_tunnel_and_removal_leaves_nothing(
    bench: tuple[Lab, Simulator], lab: Lab, module: Module
) -> None:
    before = state(bench)
    assert ways(lab) == IN_CLEAR
    announced = module("--check", prefixes=SET)
    assert (announced["writes"], state(bench)) == (0, before)
    first = module(prefixes=SET)
    assert (first["changed"], first["steps"]) == (True, announced["steps"])
    assert ways(lab) == (GATEWAY, LAPTOP, GATEWAY6, LAPTOP6)
    second = module(prefixes=SET)
    assert (second["changed"], second["writes"], second["steps"]) == (False, 0, [])
    changed = module(prefixes=[f"{FAR}/32", SET[1]])
    assert [step["do"] for step in changed["steps"]] == ["remove_entries", "put_entries", "put_table"]
    assert ways(lab) == (LAPTOP, GATEWAY, GATEWAY6, LAPTOP6)
    assert module(state="absent")["changed"] is True
    assert state(bench) == before
    assert ways(lab) == IN_CLEAR
    assert module(state="absent")["writes"] == 0


def test_all_but_the_set_goes_through_the_tunnel_and_that_itself_does_not(
    bench: tuple[Lab, Simulator], lab: Lab, module: Module
) -> None:
    module(prefixes=SET, mode="except")
    assert ways(lab) == (LAPTOP, GATEWAY, LAPTOP6, GATEWAY6)
    with contextlib.closing(Client(bench[1].port)) as api:
        for port in ("51830", "51820"):  # what the tunnel sends is a new connection then
            assert api.run("/interface/wireguard/set", "=.id=wg0", f"=listen-port={port}").trap is None
            again = module(prefixes=SET, mode="except")
            assert [step["name"] for step in again["steps"]] == ["4 1 the tunnel's own", "6 1 the tunnel's own"]
            assert asked(lab, FAR) == GATEWAY
    assert lab.ping("laptop", "198.51.1.254").lost == []  # a connected network keeps its way


def test_what_the_router_forwards_is_split_though_the_filter_fasttracks(lab: Lab, module: Module) -> None:
    assert asked(lab, NEAR, "workstation") == LAPTOP
    module(prefixes=SET)
    assert (asked(lab, NEAR, "workstation"), asked(lab, FAR, "workstation")) == (GATEWAY, LAPTOP)


def test_answers_go_back_the_way_on_which_the_question_came(lab: Lab, module: Module) -> None:
    module(prefixes=SET)
    assert asked(lab, LAPTOP, "server", NEAR) == NEAR
    module(prefixes=SET, mode="except")
    assert asked(lab, LAPTOP, "server", FAR) == FAR
    assert asked(lab, "10.9.0.1", "gateway", "10.9.0.2") == "10.9.0.2"


def test_a_rule_that_would_take_the_packets_first_is_preceded_again(
    bench: tuple[Lab, Simulator], lab: Lab, module: Module
) -> None:
    module(prefixes=SET)
    with contextlib.closing(Client(bench[1].port)) as api:
        first = next(row for row in api.rows(MANGLE, "?dynamic=false") if row["chain"] == "output")
        foreign = api.add(MANGLE, chain="output", action="accept", place_before=first[".id"])
        assert asked(lab, NEAR) == LAPTOP
        again = module(prefixes=SET)
        assert [step["name"] for step in again["steps"]] == ["4 6 sent"]
        assert asked(lab, NEAR) == GATEWAY
        assert module(prefixes=SET)["writes"] == 0
        assert api.run(f"{MANGLE}/remove", f"=.id={foreign}").trap is None


def test_thousands_of_entries_are_written_and_a_rerun_writes_what_differs(
    bench: tuple[Lab, Simulator], module: Module, tmp_path: Path
) -> None:
    place = tmp_path / "set"
    lines = [f"32.{number >> 7}.{number << 1 & 255}.0/24\n" for number in range(3000)]
    place.write_text("".join(lines))
    assert {"do": "put_entries", "name": "wgfleet-wg0", "count": 3000} in module(files=[str(place)])["steps"]
    place.write_text("".join([*lines[10:], "203.0.113.5\n"]))
    changed = module(files=[str(place)])
    assert [(step["do"], step["count"]) for step in changed["steps"]] == [("remove_entries", 10), ("put_entries", 1)]
    place.write_text("".join(lines[:100]))
    kept = module(files=[str(place)])
    assert (kept["writes"], "it shrank by 97 %" in kept["warnings"][0]) == (0, True)
    assert len(bench[1].rows("/ip/firewall/address-list")) == 2991


def test_each_name_is_asked_of_its_own_server_and_no_other_way(
    bench: tuple[Lab, Simulator], lab: Lab, module: Module
) -> None:
    before = state(bench)
    lab.run("gateway", ["ip", "address", "add", "10.9.0.3/24", "dev", "wg0"])
    for host, address, answer in (("gateway", "10.9.0.2", CORP), ("gateway", "10.9.0.3", ALL), ("server", FAR, WEB)):
        name_server(lab, host, address, answer)

    def names(*wanted: str) -> dict[str, str]:
        return {name: asked_for(lab, "workstation", name, ROUTER) for name in wanted}

    domain = [{"servers": ["10.9.0.2"], "domains": ["corp.example"]}]
    assert module(dns=domain)["changed"] is True
    inside, outside = {"corp.example": CORP, "a.b.corp.example": CORP}, {"example": WEB, "notcorp.example": WEB}
    with questions(lab, "laptop") as seen:
        assert names(*inside, *outside, "router.lan") == {**inside, **outside, "router.lan": ROUTER}
    assert seen == {"wg0": set(inside), "wan": set(outside)}

    narrower = [*domain, {"servers": ["10.9.0.3"], "domains": ["b.corp.example"]}]
    assert [step["name"] for step in module(dns=narrower)["steps"]] == ["0 b.corp.example"]
    assert names("a.b.corp.example", "corp.example") == {"a.b.corp.example": ALL, "corp.example": CORP}
    assert module(dns=narrower)["writes"] == 0

    module(dns=[{"servers": ["10.9.0.3"]}, *domain])
    with questions(lab, "laptop") as seen:
        assert names(*inside, *outside) == {**inside, **dict.fromkeys(outside, ALL)}
    assert seen == {"wg0": {*inside, *outside}}
    assert module(state="absent")["changed"] is True
    assert names("corp.example") == {"corp.example": WEB}
    assert state(bench) == before


def test_a_domain_with_several_servers_is_refused(module: Module) -> None:
    refused = module(dns=[{"servers": ["10.9.0.2", "10.9.0.3"]}])
    assert refused["problems"][0]["place"] == "dns[0].servers"


def test_an_interface_that_is_not_there_is_named(bench: tuple[Lab, Simulator], tmp_path: Path) -> None:
    refused = split_routed(bench[1], tmp_path / "run", interface="wg7", prefixes=SET)
    assert "the interface wg7 does not exist" in refused["msg"]
