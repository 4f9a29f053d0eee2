# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables themselves: each names its source, and no value that a client sends can break a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros import sources
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import SWITCHES
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.schema import Menu
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.sources import SOURCES
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.catalogue import MENUS
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

STRANGE = (
    "", "yes", "no", "*1", "*FFFF", "wg0", "ether1", "main", "all", "!", "!all", "0", "-1", "65536", "99999999999999",
    "1.2.3.4", "1.2.3.4/33", "1.2.3.4/24", "::1", "::1/129", "fe80::1%ether1", "1.2.3.4%ether1", "1.2.3.4@main",
    "10.0.0.1-10.0.0.9", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "a=b", ",", ",,a", "a b", "é\n", "25s", "1w2d", "00:00",
    "established,new", "icmp", "x" * 300, "A" * 43 + "=", "[find]", "accept", "none", "auto",
)  # fmt: skip


@pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.path)
def test_a_menu_names_its_sources(menu: Menu) -> None:
    for source in (menu.source, *(each.source for each in menu.fields if each.source)):
        assert set(source.split(", ")) <= set(SOURCES)
    names = [each.name for each in menu.fields]
    assert len(names) == len(set(names))


def test_a_switch_names_its_source_and_asks_a_question() -> None:
    assert all(switch.source in SOURCES and switch.question for switch in SWITCHES.values())


def test_comments_cite_sources_that_are_known() -> None:
    """The end of a docstring's first sentence, in parentheses, where it begins with the name of a source."""
    folder = Path(sources.__file__).parent
    cited = set()
    for file in folder.rglob("*.py"):
        for listed in re.findall(r"\(([^()]*)\)\.", file.read_text(encoding="utf-8")):
            words = [each.removeprefix("inferred from ") for each in listed.split(", ")]
            if set(words) & set(SOURCES):
                assert set(words) <= set(SOURCES), f"{file.name}: {listed}"
                cited |= set(words)
    assert len(cited) > 10


@pytest.mark.parametrize("version", ["7.9", "7.24"])
def test_no_value_breaks_a_session(
    routeros: Callable[..., Simulator], connect: Callable[..., Client], version: str
) -> None:
    client = connect(routeros("--version", version))
    client.add("/interface/wireguard", name="wg0")
    for menu in MENUS:
        if menu.path in ("/user", "/user/group", "/ip/service"):
            continue
        needed = {each.name: "wg0" if each.name == "interface" else "1.2.3.4" for each in menu.fields if each.required}
        for each in menu.fields:
            for text in STRANGE:
                values = {**needed, each.name: text}
                words = [f"={name}={value}" for name, value in values.items()]
                answer = client.run(f"{menu.path}/{'set' if menu.singleton else 'add'}", *words)
                assert answer.trap != "" or answer.ret
        assert client.run(f"{menu.path}/print").trap in (None, "no such command prefix"), menu.path
    for text in STRANGE:
        for command in ("set", "remove", "move", "enable", "unset", "print", "get", "reset"):
            client.run(f"/ip/firewall/filter/{command}", f"=.id={text}", f"=value-name={text}", f"=numbers={text}")
            client.run(f"/ip/firewall/filter/{command}", f"=.id={text}", f"=destination={text}")
        client.run("/file/read", "=file=a", f"=offset={text}")
        client.run("/interface/wireguard/peers/show-client-config", f"=.id={text}")
    assert client.rows("/system/identity")
