# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role wireguard says of a client that it was asked to revoke, where not all of its servers were there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.wgfleet.wireguard.plugins.filter.run_notes import run_notes

ROLE = Path(__file__).resolve().parents[3] / "roles/wireguard"
OF_ROLE = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
TASKS = yaml.safe_load((ROLE / "tasks/revoke_client.yml").read_text(encoding="utf-8"))
NAMES = ("wireguard_notes", "wireguard_notes_of_kept")
KEY = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="


def registry(**of_clients: Any) -> dict[str, Any]:
    client = {"public_key": KEY, "addresses": ["10.60.0.8/24"], "servers": ["graz", "vienna"], **of_clients}
    members = {name: {"interface": "wg0"} for name in ("graz", "vienna")}
    clients = {"bob": client, "bob2": client | {"addresses": ["10.60.0.9/24"]}}
    return {"version": 1, "networks": {"alps": {"members": members, "clients": clients}}}


def said(*hosts: str, client: str = "bob") -> tuple[list[str], str]:
    """Give what is said of others, and what the last task says."""
    known = {
        "wireguard_kept": {"network": "alps", "client": client},
        "wireguard_all_notes": run_notes({}, registry(), registry(reserved_until="2027-05-01"), hosts, hosts),
    }
    templates = {name: trust_as_template(OF_ROLE[name]) for name in NAMES}
    templar = Templar(DataLoader(), variables=known | templates)
    task = TASKS[-1]["wgfleet.wireguard.print_text"]["text"]
    return templar.template(templates["wireguard_notes"]), templar.template(trust_as_template(task))


def test_a_server_that_was_not_there_lets_a_revoked_client_in() -> None:
    others, told = said("graz")
    assert told == (
        "alps/bob is revoked, and still let in: vienna is not in this run\n"
        "alps/bob: nobody else gets 10.60.0.8/24 until 2027-05-01"
    )
    assert [note.split(" ")[0] for note in others] == ["alps/bob2", "alps/bob2:"]


def test_a_client_that_is_out_everywhere_is_out() -> None:
    _others, told = said("graz", "vienna")
    assert told == "alps/bob is revoked, and nobody else gets 10.60.0.8/24 until 2027-05-01"


def test_a_client_that_no_registry_knows_never_had_an_address() -> None:
    _others, told = said("graz", client="carl")
    assert told == "alps/carl is revoked. It never had an address."
