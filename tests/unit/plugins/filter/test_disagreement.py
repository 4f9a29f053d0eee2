# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared of the variables of hosts, and what need not be rendered for that."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.filter.disagreement import disagreement

CORP: dict[str, Any] = {"corp": {"port": 1, "members": {"one": {}, "two": {"routes": ["10.0.2.0/24"]}}}}


class HostVars:
    """Variables of hosts as Ansible gives them: as they are written, and rendered, which takes its time."""

    def __init__(self, raw: dict[str, Any], rendered: dict[str, Any] | None = None) -> None:
        self._raw, self._rendered = raw, rendered or {}
        self.renderings = 0

    def raw_get(self, host: str) -> dict[str, Any]:
        return {"wireguard_networks": self._raw[host]} if self._raw[host] is not None else {}

    def __getitem__(self, host: str) -> dict[str, Any]:
        self.renderings += 1
        value = self._rendered.get(host, self._raw[host])
        return {} if value is None else {"wireguard_networks": value}


def test_one_declaration_of_all_hosts_is_not_rendered_for_each_of_them() -> None:
    hostvars = HostVars(dict.fromkeys(("one", "two", "three"), CORP))
    assert (disagreement(hostvars, ["one", "two", "three"]), hostvars.renderings) == ("", 0)


def test_a_template_may_give_each_host_another_declaration() -> None:
    template = {"corp": {"port": "{{ inventory_hostname | length }}"}}
    rendered = {"one": {"corp": {"port": "3"}}, "three": {"corp": {"port": "5"}}}
    hostvars = HostVars(dict.fromkeys(rendered, template), rendered)
    assert "between one and three, first at wireguard_networks.corp.port" in disagreement(hostvars, list(rendered))


@pytest.mark.parametrize(
    ("other", "said"),
    [({"corp": {**CORP["corp"], "port": 2}}, "first at wireguard_networks.corp.port"), (None, "and not for two")],
)
def test_declarations_of_their_own_are_compared(other: Any, said: str) -> None:
    assert said in disagreement(HostVars({"one": CORP, "two": other}), ["one", "two"])


def test_equal_declarations_of_their_own_agree() -> None:
    hostvars = HostVars({"one": {"corp": {"port": 1}}, "two": {"corp": {"port": 1}}})
    assert (disagreement(hostvars, ["one", "two"]), hostvars.renderings) == ("", 2)


def test_whoever_gives_plain_data_is_served_too() -> None:
    assert (
        disagreement({"one": {"wireguard_networks": CORP}, "two": {"wireguard_networks": CORP}}, ["one", "two"]) == ""
    )
