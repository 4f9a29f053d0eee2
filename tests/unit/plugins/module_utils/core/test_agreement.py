# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of hosts that have different declarations, or none."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.agreement import disagreement

CORP: dict[str, Any] = {
    "corp": {"port": 1, "members": {"one": {"routes": ["10.0.1.0/24"]}, "two": {"private_key": "mine"}}}
}


def changed(*path: str, **values: Any) -> dict[str, Any]:
    """The declaration with other values at a place."""
    declaration = copy.deepcopy(CORP)
    place = declaration
    for name in path:
        place = place[name]
    place.update(values)
    return declaration


def test_hosts_that_agree_are_not_spoken_of() -> None:
    assert disagreement({}) == ""
    assert disagreement({"one": CORP, "two": copy.deepcopy(CORP)}) == ""


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (changed("corp", port=2), "corp.port"),
        (changed("corp", mtu=1400), "corp.mtu"),
        (changed(lab={}), "lab"),
        (changed("corp", "members", "one", routes=[]), "corp.members.one.routes"),
        (changed("corp", "members", "two", private_key="yours"), "corp.members.two.private_key"),
        ({"corp": 1}, "corp"),
    ],
)
def test_two_hosts_and_the_first_place_are_named_and_no_value(other: dict[str, Any], place: str) -> None:
    for one, two in ((CORP, other), (other, CORP)):
        said = disagreement({"a": one, "b": copy.deepcopy(one), "c": two})
        assert said == f"wireguard_networks differs between a and c, first at wireguard_networks.{place}"


def test_hosts_without_a_declaration_are_named() -> None:
    assert disagreement({"a": "", "b": CORP}) == "wireguard_networks is defined for b, and not for a"
    many = disagreement({"a": CORP, **{f"h{number}": "" for number in range(9)}})
    assert many == "wireguard_networks is defined for a, and not for h0 and h1 and h2 and h3 and 5 more"
