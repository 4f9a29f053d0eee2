# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module linux_split_tunnel, by packets: who a server in the internet sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.split_site import (
    FAR,
    GATEWAY,
    GATEWAY6,
    LAPTOP,
    LAPTOP6,
    NEAR,
    asked,
    build,
    split,
    ways,
)

SET = ["203.0.113.0/24", "2001:db8:113::/48"]
IN_CLEAR = (LAPTOP, LAPTOP, LAPTOP6, LAPTOP6)
Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def lab(module_lab: Callable[..., Lab]) -> Lab:
    return build(module_lab)


@pytest.fixture
def module(lab: Lab, tmp_path: Path) -> Iterator[Module]:
    """``module(**options)`` runs the module on the laptop; it is removed at the end."""
    yield lambda *flags, **options: split(lab, tmp_path / "run", flags, **options)
    assert "failed" not in split(lab, tmp_path / "run", state="absent")


def test_only_the_set_goes_through_the_tunnel_and_removal_leaves_nothing(lab: Lab, module: Module) -> None:
    before, files = lab.snapshot("laptop"), files_of(lab)
    assert ways(lab) == IN_CLEAR
    announced = module("--check", prefixes=SET)
    assert (announced["writes"], lab.snapshot("laptop"), files_of(lab)) == (0, before, files)
    first = module(prefixes=SET)
    assert (first["changed"], first["steps"]) == (True, announced["steps"])
    assert ways(lab) == (GATEWAY, LAPTOP, GATEWAY6, LAPTOP6)
    second = module(prefixes=SET)
    assert (second["changed"], second["writes"], second["steps"]) == (False, 0, [])
    module(prefixes=[f"{FAR}/32"])
    assert ways(lab) == (LAPTOP, GATEWAY, LAPTOP6, LAPTOP6)
    assert module(state="absent")["changed"] is True
    assert ways(lab) == IN_CLEAR
    assert (lab.snapshot("laptop"), files_of(lab)) == (before, files)
    assert module(state="absent")["writes"] == 0


def test_all_but_the_set_goes_through_the_tunnel(lab: Lab, module: Module) -> None:
    module(prefixes=SET, mode="except")
    assert ways(lab) == (LAPTOP, GATEWAY, LAPTOP6, GATEWAY6)
    assert lab.ping("laptop", "198.51.1.254").lost == []  # a connected network keeps its way


def test_answers_go_back_the_way_on_which_the_question_came(lab: Lab, module: Module) -> None:
    module(prefixes=SET)
    assert asked(lab, LAPTOP, "server", NEAR) == NEAR
    module(prefixes=SET, mode="except")
    assert asked(lab, LAPTOP, "server", FAR) == FAR
    assert asked(lab, "10.9.0.1", "gateway", "10.9.0.2") == "10.9.0.2"


def test_what_the_host_forwards_is_split_too_and_keeps_its_sender(lab: Lab, module: Module) -> None:
    assert asked(lab, NEAR, "workstation") == "10.5.0.10"
    module(prefixes=SET)
    assert (asked(lab, NEAR, "workstation"), asked(lab, FAR, "workstation")) == (GATEWAY, "10.5.0.10")


def test_a_host_that_drops_what_it_would_not_answer_there_is_loosened_for_the_tunnel(lab: Lab, module: Module) -> None:
    switch = "net.ipv4.conf.{}.rp_filter"
    for name in ("all", "wg0"):
        lab.run("laptop", ["sysctl", "-qw", switch.format(name) + "=1"])
    try:
        module(prefixes=SET)
        assert asked(lab, NEAR) == GATEWAY
        assert module(prefixes=SET)["writes"] == 0
        module(state="absent")
        assert lab.run("laptop", ["sysctl", "-n", switch.format("wg0")]).stdout == "1\n"
    finally:
        for name in ("all", "wg0"):
            lab.run("laptop", ["sysctl", "-qw", switch.format(name) + "=0"])


def test_what_cannot_be_done_is_refused_before_any_write(lab: Lab, module: Module, tmp_path: Path) -> None:
    before, files = lab.snapshot("laptop"), files_of(lab)
    assert "the interface wg7 does not exist" in split(lab, tmp_path / "run", interface="wg7", prefixes=SET)["msg"]
    wrong = module(files=["/srv/none"], refresh="each full moon")
    assert [problem["place"] for problem in wrong["problems"]] == ["refresh"]
    assert "/srv/none cannot be read" in module(files=["/srv/none"])["msg"]
    assert (lab.snapshot("laptop"), files_of(lab)) == (before, files)


def test_two_split_tunnels_need_tables_and_marks_of_their_own(lab: Lab, module: Module, tmp_path: Path) -> None:
    module(prefixes=SET)
    lab.run("laptop", ["wireguard-go", "wg1"])
    ready = "until wg show wg1; do sleep 0.05; done; ip link set wg1 up; ip address add 10.8.0.1 dev wg1"
    lab.run("laptop", ["sh", "-c", ready])
    second = {"interface": "wg1", "prefixes": [f"{FAR}/32"]}
    refused = split(lab, tmp_path / "run", **second)
    assert [problem["place"] for problem in refused["problems"]] == ["table", "mark"]
    own = {**second, "table": 51822, "mark": "0x01000000"}
    assert split(lab, tmp_path / "run", **own)["changed"] is True
    assert split(lab, tmp_path / "run", **own)["writes"] == 0
    assert module(prefixes=SET)["writes"] == 0
    assert asked(lab, NEAR) == GATEWAY
    split(lab, tmp_path / "run", interface="wg1", state="absent")
    assert asked(lab, NEAR) == GATEWAY
    lab.run("laptop", ["sh", "-c", "rm /var/run/wireguard/wg1.sock"])


def test_a_host_without_systemd_is_told_what_its_own_init_system_has_to_run(lab: Lab, module: Module) -> None:
    program = "/usr/local/lib/wgfleet/split_tunnel.pyz"
    lab.run("laptop", ["sh", "-ec", "mv /usr/lib/systemd/systemd /srv/away; echo 192.0.2.0/24 >/srv/set"])
    try:
        for options, more in (({"files": ["/srv/set"]}, True), ({"prefixes": SET}, False)):
            (said,) = module(**options)["warnings"]
            assert f"{program} up wg0' at boot" in said
            assert (f"{program} refresh wg0' now and then" in said) == more
    finally:
        lab.run("laptop", ["mv", "/srv/away", "/usr/lib/systemd/systemd"])
    assert "warnings" not in module(prefixes=SET)


def files_of(lab: Lab) -> str:
    """All files below the places where the module writes."""
    places = ["/etc/systemd/system", "/var/lib/wgfleet", "/usr/local/lib"]
    return lab.run("laptop", ["find", *places, "-printf", "%p %l %m\n"], check=False).stdout
