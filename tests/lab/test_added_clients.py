# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that a survey adds and revokes, with what AWX hands over: from the answers to packets, and to none.

The tests of a server follow each other, as its surveys do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.answers import QUESTIONS, place_of
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    answers,
    as_json,
    dumped,
    files,
    key_pair,
    star_fleet,
    writes,
)
from ansible_collections.wgfleet.wireguard.tests.lab.roadwarriors import (
    INSIDE,
    SERVER,
    Roadwarriors,
    example,
    topology,
)

KEPT = "wireguard_clients.yml"
QUIET = {"wireguard_probe_timeout": 1}


@pytest.fixture(scope="module")
def warriors(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Roadwarriors:
    """A server whose declaration has a gateway, and no clients yet."""
    networks = example()
    del networks["corp"]["clients"]
    playbooks = Playbooks(tmp_path_factory.mktemp("added"))
    return Roadwarriors(Fleet(module_lab(topology()), playbooks, (SERVER,), networks, dict(QUIET)))


def survey(**answered: Any) -> tuple[str, str]:
    """The extra variables of a survey: all its questions, with an empty text where there is no answer."""
    given = {name: "" for name in QUESTIONS} | {f"wireguard_client_{name}": each for name, each in answered.items()}
    return "-e", as_json(given)


def add(warriors: Roadwarriors, *flags: str, code: int = 0, **answered: Any) -> PlaybookRun:
    return warriors.fleet.run(*survey(**answered), *flags, play="add_client", code=code)


def revoke(warriors: Roadwarriors, *flags: str, code: int = 0, **answered: Any) -> PlaybookRun:
    return warriors.fleet.run(*survey(**answered), *flags, play="revoke_client", code=code)


def kept_file(warriors: Roadwarriors) -> Path:
    return warriors.fleet.playbooks.directory / "inventory" / KEPT


def kept(warriors: Roadwarriors) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(kept_file(warriors).read_text(encoding="utf-8"))["networks"]["corp"][
        "clients"
    ]
    return data


def everything(warriors: Roadwarriors) -> Any:
    """All that a run could write: on the controller and on the server."""
    inventory = warriors.fleet.playbooks.directory / "inventory"
    found = {path: path.read_bytes() for path in inventory.rglob("*") if path.is_file() and path.name != "hosts.json"}
    return found, files(warriors.lab, SERVER), warriors.fleet.state(SERVER)


def secrets_of(directory: Path) -> set[str]:
    """The private keys among the files of clients."""
    return {path.read_text(encoding="utf-8").strip() for path in directory.rglob("private.key")}


def failures(run: PlaybookRun) -> list[str]:
    return [entry.result["msg"] for entry in run.results if entry.status == "failed"]


def said(runs: Iterable[PlaybookRun]) -> str:
    return "".join(run.output + as_json([entry.result for entry in run.results]) for run in runs)


def test_a_check_announces_what_the_run_does_and_keeps_nothing(warriors: Roadwarriors) -> None:
    before = everything(warriors)
    check = add(warriors, "--check", name="phone")
    assert everything(warriors) == before
    assert {"client", "registry", "client_config"} <= {
        entry.action.rpartition(".")[2] for entry in check.results if entry.result.get("changed")
    }
    (announced,) = check.of("Bring each interface")[0]["results"]
    assert [step["do"] for step in announced["steps"] if "peer" in step["do"]] == ["set_peer"]


def test_an_added_client_gets_in_by_its_file_and_no_key_of_it_is_shown(warriors: Roadwarriors) -> None:
    run = add(warriors, "-vvvv", "--diff", name="phone", profile="split", expires="2099-12-31")
    assert kept(warriors) == {"phone": {"via": [SERVER], "profile": "split", "expires": "2099-12-31"}}
    (secret,) = secrets_of(warriors.directory)
    assert len(secret) == 44
    assert secret not in said([run])
    assert secret not in kept_file(warriors).read_text(encoding="utf-8")
    (told,) = run.of("Show what the client was given")
    assert told["msg"] == [
        f"corp/phone has 192.168.100.2/32. Its configuration is {warriors.directory}/corp/phone/phone.conf."
    ]
    warriors.switch_on("phone")
    assert answers(warriors.lab, "phone", INSIDE)


def test_every_later_run_has_the_client_and_changes_nothing(warriors: Roadwarriors) -> None:
    again = add(warriors, name="phone", expires="2099-12-31")
    later = warriors.run()  # with a survey or without
    assert [(run.changed(), writes(run)) for run in (again, later)] == [(0, 0)] * 2
    table = warriors.fleet.run(play="status").of("Show the links")[0]["msg"]
    assert [line.split()[:3] for line in table[2:3]] == [[SERVER, "phone", "up"]]


def test_a_client_that_keeps_its_key_for_itself_is_shown_the_rest(warriors: Roadwarriors) -> None:
    private, public = key_pair()
    run = add(warriors, name="laptop", public_key=public, platform="windows", via=[SERVER], dns="10.0.1.53\n")
    text = "\n".join(run.of("Show the configuration")[0]["msg"]) + "\n"
    assert text == warriors.file("laptop")
    assert text in run.output
    assert "PrivateKey =\n" in text
    path = warriors.directory / "corp/laptop/laptop.conf"
    path.write_text(
        text.replace("PrivateKey =\n", f"PrivateKey = {private}\n").replace("DNS = ", "# "), encoding="utf-8"
    )
    warriors.switch_on("laptop")
    assert answers(warriors.lab, "laptop", INSIDE)


BAD = {
    "name": "a b",
    "network": "crop",
    "via": ["office9"],
    "profile": "half",
    "prefixes": "10.0.0.0/33",
    "dns": "dns.example",
    "expires": "31.12.2099",
    "public_key": "tooshort",
    "platform": "amiga",
    "change": "perhaps",
}


def test_all_bad_answers_are_told_at_once_and_nothing_is_written(warriors: Roadwarriors) -> None:
    before = everything(warriors)
    (told,) = failures(add(warriors, code=2, **{**BAD, "name": "tablet", "network": "corp"}))
    lines = told.splitlines()
    for name in BAD.keys() - {"name", "network"}:
        assert [line for line in lines if line.startswith(place_of(f"wireguard_client_{name}") + ": ")]
    (told,) = failures(add(warriors, code=2, **BAD))
    assert told.count("is no name of a client") == told.count("is no network that is declared") == 1
    assert everything(warriors) == before


def test_a_name_that_is_declared_too_is_told_with_both_places(warriors: Roadwarriors) -> None:
    warriors.fleet.networks["corp"]["clients"] = {"phone": {"via": [SERVER]}}
    before = everything(warriors)
    try:
        (told,) = failures(warriors.run(code=2))
    finally:
        del warriors.fleet.networks["corp"]["clients"]
    assert "wireguard_networks.corp.clients.phone: " in told
    assert str(kept_file(warriors)) in told
    assert everything(warriors) == before


def test_a_mistake_in_the_file_is_told_with_its_place_there(warriors: Roadwarriors) -> None:
    text = kept_file(warriors).read_text(encoding="utf-8")
    kept_file(warriors).write_text(text.replace("2099-12-31", "2099-13-31"), encoding="utf-8")
    try:
        (told,) = failures(warriors.run(code=2))
    finally:
        kept_file(warriors).write_text(text, encoding="utf-8")
    assert told.startswith(f"{kept_file(warriors)}: networks.corp.clients.phone.expires: ")


def test_a_name_of_nobody_is_not_revoked(warriors: Roadwarriors) -> None:
    before = everything(warriors)
    (told,) = failures(revoke(warriors, name="phome", code=2))
    assert "did you mean phone?" in told
    assert everything(warriors) == before


def test_a_revoked_client_is_out_and_the_others_notice_nothing(warriors: Roadwarriors) -> None:
    key = warriors.public_key("phone")
    with warriors.lab.pinging("laptop", INSIDE, 0.05) as pings:
        run = revoke(warriors, name="phone")
    assert pings.lost == []
    assert run.of("Show that the client is out, and where it is not yet")[0]["msg"][0].startswith(
        "corp/phone is revoked, and nobody else gets 192.168.100.2/24 until "
    )
    assert list(kept(warriors)) == ["laptop"]
    assert key not in warriors.endpoints()
    assert not (warriors.directory / "corp/phone").exists()
    assert warriors.lab.ping("phone", INSIDE, count=3).received == 0
    again = revoke(warriors, name="phone")
    assert (again.changed(), writes(again)) == (0, 0)
    assert "phone" not in warriors.fleet.run(play="status").output


def test_a_run_without_the_server_says_that_it_goes_on_as_before(warriors: Roadwarriors) -> None:
    fleet = warriors.fleet
    fleet.hosts = (SERVER, "phone")  # any other host of the inventory
    try:
        run = add(warriors, "--limit", "phone", name="tablet")
    finally:
        fleet.hosts = (SERVER,)
    assert f"{SERVER} is a server of corp/tablet and is not in this run" in run.output


def test_a_client_that_goes_is_out_though_the_key_of_a_member_was_never_known(
    module_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(module_lab, tmp_path, "one", "two", clients={})
    fleet.variables.update(QUIET)
    clients = fleet.networks["corp"]["clients"]
    keys = {name: key_pair()[1] for name in ("revoked", "expired", "kept")}
    clients.update({name: {"via": ["one"], "public_key": key} for name, key in keys.items()})
    fleet.run("--limit", "one")
    assert dumped(fleet.lab, "one").keys() == set(keys.values())
    del clients["revoked"]
    clients["expired"]["expires"] = "2020-01-31"
    run = fleet.run("--limit", "one")
    assert dumped(fleet.lab, "one").keys() == {keys["kept"]}
    told = " ".join(run.output.split())
    assert "no public key is known of two" in told
    assert "corp/revoked is revoked, and nobody else gets" in told
    again = fleet.run("--limit", "one")
    assert (again.changed(), writes(again)) == (0, 0)
