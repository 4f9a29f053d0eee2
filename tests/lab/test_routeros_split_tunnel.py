# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module routeros_split_tunnel, by packets: who a server in the internet sees behind a router with its defaults."""

from __future__ import annotations

import contextlib
import http.server
import threading
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
MANGLE, LIST = "/ip/firewall/mangle", "/ip/firewall/address-list"
COUNT = 3000
STATISTICS = """2|apnic|20270101|2|19830613|20270101|+0000
apnic|NZ|ipv4|203.0.113.0|256|20270101|allocated
apnic|AU|ipv4|203.0.114.0|256|20270101|allocated
"""
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
    assert [step["do"] for step in changed["steps"]] == ["remove_entries", "put_entries"]
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
    lines = [f"{32 + (number >> 15)}.{number >> 7 & 255}.{number << 1 & 255}.0/24\n" for number in range(COUNT)]
    place.write_text("".join(lines))
    assert {"do": "put_entries", "name": "wgfleet-wg0", "count": COUNT} in module(files=[str(place)])["steps"]
    place.write_text("".join([*lines[10:], "203.0.113.5\n"]))
    changed = module(files=[str(place)])
    assert [(step["do"], step["count"]) for step in changed["steps"]] == [("remove_entries", 10), ("put_entries", 1)]
    place.write_text("".join(lines[:100]))
    kept = module(files=[str(place)])
    assert (kept["writes"], "it shrank by 97 %" in kept["warnings"][0]) == (0, True)
    assert len(bench[1].rows(LIST)) == COUNT - 9


def listed(bench: tuple[Lab, Simulator]) -> set[str]:
    return {row["address"] for row in bench[1].rows(LIST)}


def test_what_is_fetched_is_refreshed_and_kept_though_large_prefixes_stand_beside_it(
    bench: tuple[Lab, Simulator], lab: Lab, module: Module, tmp_path: Path
) -> None:
    place, both = tmp_path / "set", {"prefixes": ["10.64.0.0/10", f"{FAR}/32"], "files": [str(tmp_path / "set")]}
    place.write_text("203.0.113.0/24\n192.0.2.0/24\n10.65.0.0/16\n198.18.0.1\n")
    assert module(**both)["changed"] is True
    assert ways(lab)[:2] == (GATEWAY, GATEWAY)
    place.write_text("203.0.113.0/24\n192.0.2.0/25\n10.65.0.0/16\n198.18.0.1\n")
    refreshed = module(**both)
    assert ("warnings" in refreshed, [step["do"] for step in refreshed["steps"]]) == (
        False,
        ["remove_entries", "put_entries"],
    )
    assert listed(bench) == {"10.64.0.0/10", FAR, "203.0.113.0/24", "192.0.2.0/25", "10.65.0.0/16", "198.18.0.1"}
    assert module(**both)["writes"] == 0

    place.write_text("203.0.113.0/24\n")
    kept = module(**both)
    assert (kept["writes"], "the earlier set is kept (4 prefixes): it shrank by" in kept["warnings"][0]) == (0, True)
    place.unlink()
    without = module(files=both["files"])
    assert "cannot be read" in without["warnings"][0]
    assert listed(bench) == {"203.0.113.0/24", "192.0.2.0/25", "10.65.0.0/16", "198.18.0.1"}
    assert ways(lab)[:2] == (GATEWAY, LAPTOP)
    named = module(prefixes=["198.18.0.1", "203.0.113.0/24"], files=both["files"])
    assert [step.get("count") for step in named["steps"]] == [2]
    assert module(files=both["files"])["changed"] is True
    assert listed(bench) == {"203.0.113.0/24", "192.0.2.0/25", "10.65.0.0/16", "198.18.0.1"}


class _Registry(http.server.BaseHTTPRequestHandler):
    """Gives the file of statistics as it is at the time; None is none."""

    text: str | None = STATISTICS

    def do_GET(self) -> None:
        text = type(self).text
        self.send_response(404 if text is None else 200)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def statistics() -> Iterator[dict[str, Any]]:
    """Give the option by which a country is taken out of a file on the web."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"rir": [{"source": f"http://127.0.0.1:{server.server_port}/apnic", "countries": ["NZ"]}]}
        server.shutdown()


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (None, "the server says 404"),
        ("<html>moved</html>", "is no file of delegated statistics"),
        (STATISTICS.replace("|256|", "|64|"), "it shrank by 75 %, and more than 20 % is not believed"),
    ],
)
def test_statistics_that_cannot_be_had_leave_the_set_as_it_was_and_that_is_said(
    lab: Lab,
    module: Module,
    statistics: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    published: str | None,
    reason: str,
) -> None:
    both = {**statistics, "prefixes": ["10.64.0.0/10"]}
    assert module(**both)["changed"] is True
    assert ways(lab)[:2] == (GATEWAY, LAPTOP)
    monkeypatch.setattr(_Registry, "text", published)
    kept = module(**both)
    assert (kept["changed"], kept["writes"]) == (False, 0)
    (said,) = kept["warnings"]
    assert said.startswith("the earlier set is kept (1 prefixes): ")
    assert reason in said
    assert ways(lab)[:2] == (GATEWAY, LAPTOP)
    monkeypatch.setattr(_Registry, "text", STATISTICS.replace("AU", "NZ"))
    assert module(**both)["changed"] is True
    assert ways(lab)[:2] == (GATEWAY, GATEWAY)


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
