# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode announces is what the run does, also on a host that has nothing yet, and it writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    as_json,
    entries,
    files,
    key_pair,
    star_fleet,
    steps,
    wg,
    writes,
)

CHECK = ("--check", "--diff")
KEY_FILE = "/etc/wireguard/wg5.key"
PRIVATE, PUBLIC = key_pair()
PSK = wg("genpsk")
INTERFACE = {
    "name": "wg5",
    "listen_port": 5555,
    "persist": "wg_quick",
    "addresses": ["10.5.0.1/24"],
    "routes": ["10.6.0.0/24"],
}
PEER = {"public_key": PUBLIC, "preshared_key": PSK, "allowed_ips": ["10.6.0.0/24"]}


def everything(fleet: Fleet, host: str) -> tuple[Any, list[str]]:
    """All that a run could write on a host."""
    return fleet.state(host), files(fleet.lab, host)


def announced_and_done(
    run: Callable[[tuple[str, ...]], PlaybookRun], fleet: Fleet, host: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The results of a check and of the run after it; the check wrote nothing."""
    before = everything(fleet, host)
    check = run(CHECK)
    assert everything(fleet, host) == before
    assert writes(check, host) == 0
    done = run(("--diff",))
    return entries(check, host), entries(done, host)


def words(results: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    """These fields of all results that have them."""
    return [[result.get(name) for name in names] for result in results if "writes" in result]


@pytest.fixture(scope="module")
def lone(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return star_fleet(module_lab, tmp_path_factory.mktemp("check"), "one")


STORY: dict[str, dict[str, Any]] = {
    "a key is made": {"keypair": {"path": KEY_FILE}},
    "a key is replaced": {"keypair": {"path": KEY_FILE, "private_key": PRIVATE}},
    "an interface is made": {"linux_interface": {**INTERFACE, "private_key": PRIVATE}},
    "it gets a peer": {"linux_peer": {"interface": "wg5", **PEER, "public_key": key_pair()[1]}},
    "it is changed": {"linux_interface": {**INTERFACE, "mtu": 1300, "routes": [], "purge_peers": True, "peers": []}},
    "it comes up by another way": {"linux_interface": {"name": "wg5", "persist": "networkd"}},
    "its host forwards": {"linux_gateway": {"name": "check", "forwarding": ["ipv4", "ipv6"]}},
    "it goes": {"linux_interface": {"name": "wg5", "state": "absent"}},
    "its host forwards no more": {"linux_gateway": {"name": "check", "state": "absent"}},
    "its key goes": {"keypair": {"path": KEY_FILE, "state": "absent"}},
}


def test_each_module_does_what_it_announced(lone: Fleet) -> None:
    for title, task in STORY.items():
        ((module, options),) = task.items()
        call = {f"wgfleet.wireguard.{module}": options}
        check, done = announced_and_done(lambda flags, call=call: lone.tasks("one", call, flags=flags), lone, "one")
        assert words(check, "changed", "steps") == words(done, "changed", "steps"), title
        assert check[0]["changed"] is True, title
        shown = as_json([check, done])
        assert PRIVATE not in shown, title
        assert PSK not in shown, title
        if module != "keypair" or "private_key" in options:
            assert words(check, "diff") == words(done, "diff"), title


def test_a_fleet_that_has_nothing_gets_what_was_announced(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    before = {host: everything(fleet, host) for host in fleet.hosts}
    check = fleet.run(*CHECK)
    assert not fleet.registry.exists()
    assert ({host: everything(fleet, host) for host in fleet.hosts}, writes(check)) == (before, 0)
    assert check.output.count("public_key: (made in the run)") == len(fleet.hosts), "in the difference of the registry"
    keys = [result["public_key"] for host in fleet.hosts for result in entries(check, host) if "public_key" in result]
    assert keys and all(key.startswith("MadeInTheRun") for key in keys)
    done = fleet.run("--diff")
    assert "MadeInTheRun" not in done.output
    for host in fleet.hosts:
        assert without_keys(steps(check, host)) == without_keys(steps(done, host))
        assert check.recap[host]["changed"] == done.recap[host]["changed"]
    fleet.members()["two"]["routes"].append("10.0.22.0/24")
    fleet.members()["one"]["address"] = ["10.255.0.9/24"]
    pinned = fleet.registry.read_text(encoding="utf-8")
    before = {host: everything(fleet, host) for host in fleet.hosts}
    check = fleet.run(*CHECK)
    assert {host: everything(fleet, host) for host in fleet.hosts} == before
    assert fleet.registry.read_text(encoding="utf-8") == pinned
    done = fleet.run("--diff")
    assert fleet.registry.read_text(encoding="utf-8") != pinned
    for host in fleet.hosts:
        assert steps(check, host) == steps(done, host)
        assert steps(done, host) != []
    assert check.of("registry")[0] == done.of("registry")[0]
    for host in fleet.hosts:
        key = fleet.lab.run(host, ["cat", "/etc/wireguard/corp.key"]).stdout.strip()
        assert key not in check.output + done.output


def test_a_key_that_the_run_will_replace_is_no_error_of_the_check(lab: Callable[..., Lab], tmp_path: Path) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two")
    fleet.run()
    registry = fleet.registry_data()
    del registry["networks"]["corp"]["members"]["one"]["public_key"]
    fleet.registry.write_text(as_json(registry), encoding="utf-8")
    fleet.lab.run("one", ["rm", "/etc/wireguard/corp.key"])
    expect_as_announced(fleet)
    fleet.networks["office"] = fleet.networks.pop("corp")  # each has another key in a network of another name
    expect_as_announced(fleet)


def expect_as_announced(fleet: Fleet) -> None:
    """A check and the run after it say the same and count the same."""
    check, done = fleet.run("--check"), fleet.run()
    for host in fleet.hosts:
        assert without_keys(steps(check, host)) == without_keys(steps(done, host)) != [], host
        assert check.recap[host]["changed"] == done.recap[host]["changed"], host
    assert fleet.run().changed() == 0


def without_keys(done: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps without the public keys that a host had not made yet when they were announced."""
    return [{name: value for name, value in step.items() if name != "public_key"} for step in done]
