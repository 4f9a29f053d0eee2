# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of clients that have a file, and of those that have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[3] / "roles"
LACKING = "its private key is not on this controller: bring /srv/corp/bob/private.key back"


def loaded(name: str) -> Any:
    return yaml.safe_load((ROLES / name).read_text(encoding="utf-8"))


OF_ROLE = loaded("wireguard/vars/main.yml")
NAMES = ("wireguard_shown_lacking", "wireguard_with_file", "wireguard_enrolled", "wireguard_enrolled_file")


def client(name: str, *files: str, lacking: str = "", expired: bool = False) -> dict[str, Any]:
    places = [f"/srv/corp/{name}/{file}" for file in files]
    given = {"name": name, "network": "corp", "addresses": ["10.0.0.9/32"], "lacking": lacking, "expired": expired}
    return {**given, "files": places}


ALICE = client("alice", "private.key", "alice.conf")
BOB = client("bob", lacking=LACKING)
CARL = client("carl", expired=True)


def said(text: str, *clients: dict[str, Any], show: str = "") -> str:
    templates = {name: trust_as_template(OF_ROLE[name]) for name in NAMES}
    known = {
        "wireguard_clients": {"clients": list(clients)},
        "wireguard_show_client": show,
        "wireguard_kept": {"network": "corp", "client": show},
    }
    told: str = Templar(DataLoader(), variables=known | templates).template(trust_as_template(text))
    return told


def test_the_list_of_clients_says_what_each_lacks() -> None:
    lines = said(loaded("roadwarrior/vars/main.yml")["roadwarrior_lines"], ALICE, BOB, CARL).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "corp/alice 10.0.0.9/32 /srv/corp/alice/alice.conf",
        f"corp/bob 10.0.0.9/32: {LACKING}",
        "corp/carl 10.0.0.9/32 has expired",
    ]


@pytest.mark.parametrize(
    ("clients", "show", "told"),
    [
        ((ALICE, BOB), "bob", f"There is no file of client bob: {LACKING}. Those that have one are alice."),
        ((BOB,), "bob", f"There is no file of client bob: {LACKING}. None has one."),
        ((CARL,), "carl", "No client carl has a file. None has one."),
    ],
)
def test_who_asks_for_a_code_that_cannot_be_is_told_why(
    clients: tuple[dict[str, Any], ...], show: str, told: str
) -> None:
    text = loaded("wireguard/tasks/qr_code.yml")[0]["ansible.builtin.assert"]["fail_msg"]
    assert said(text, *clients, show=show).strip() == told


def test_a_client_that_was_added_and_has_no_file_is_told_why() -> None:
    text = next(
        task["wgfleet.wireguard.print_text"]["text"]
        for task in loaded("wireguard/tasks/add_client.yml")
        if task["name"] == "Show what the client was given"
    )
    assert said(text, BOB, show="bob") == f"corp/bob has 10.0.0.9/32. There is no configuration of it yet: {LACKING}."
