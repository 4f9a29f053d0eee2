# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declaration takes, the module that gets it takes, and the other way round: else a host is half done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import read_split_tunnel
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import offices

NO_DOMAIN, NO_COUNTRY = "is no name of a domain", "is no country: write its two letters, such as AU"
WITH_USER = "has a user or a password, which are not sent: have the file fetched, and name its path"
NO_SOURCE, NO_URL = "is neither an absolute path nor an http(s) URL", "is no URL: write http(s)://HOST/PATH"
TAKEN = ""


def splitting(option: str, value: str) -> dict[str, Any]:
    """Give a split tunnel that has a value at a place."""
    statistics = {"source": "/rir", "countries": ["NZ"]}
    return {
        "domain": {"dns": [{"servers": ["10.0.0.1"], "domains": [value]}]},
        "server": {"dns": [{"servers": [value]}]},
        "file": {"files": [value]},
        "country": {"rir": [{**statistics, "countries": [value]}]},
        "source": {"rir": [{**statistics, "source": value}]},
    }[option]


def of_declaration(options: dict[str, Any]) -> list[Problem]:
    split = {"mode": "only", "prefixes": ["192.0.2.0/24"], **{k: v for k, v in options.items() if k != "dns"}}
    use = [("gateways.office1", {}), ("members.branch.gateway", "office1"), ("members.branch.split", split)]
    return verify(offices(*use, ("members.branch.dns", options.get("dns", []))))


def of_module(options: dict[str, Any]) -> list[Problem]:
    try:
        read_split_tunnel({"interface": "wg0", "prefixes": ["192.0.2.0/24"], "shrink_limit": 20, **options})
    except InvalidInput as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("domain", "corp.example", TAKEN),
        ("domain", "Corp.Example.", TAKEN),
        ("domain", "10.in-addr.arpa", TAKEN),
        ("domain", "_tcp.corp", TAKEN),
        ("domain", "10.0.0.1", NO_DOMAIN),
        ("domain", "123", NO_DOMAIN),
        ("domain", "1.2", NO_DOMAIN),
        ("domain", "2001:db8::1", NO_DOMAIN),
        ("domain", ".corp.example", NO_DOMAIN),
        ("domain", "corp.example..", NO_DOMAIN),
        ("domain", "a b", NO_DOMAIN),
        ("domain", "", NO_DOMAIN),
        ("server", "10.0.0.1", TAKEN),
        ("server", " 2001:DB8::1 ", TAKEN),
        ("server", "dns.example", "is no address"),
        ("server", "10.0.0.1/24", "is no address"),
        ("file", "/etc/list", TAKEN),
        ("file", "list", "is no absolute path"),
        ("file", "/a\nb", "must be one line of printable text"),
        ("country", "nz", TAKEN),
        ("country", "NZL", NO_COUNTRY),
        ("country", "N1", NO_COUNTRY),
        ("source", "/etc/rir", TAKEN),
        ("source", "https://rir.example/stats?x=1", TAKEN),
        ("source", "http://[2001:db8::1]:8080/x@y", TAKEN),
        ("source", "http://user:word@[2001:db8::1]:8080/x", WITH_USER),
        ("source", "https://user@rir.example/x", WITH_USER),
        ("source", "http://192.0.2.1", TAKEN),
        ("source", "stats", NO_SOURCE),
        ("source", "ftp://rir.example/x", NO_SOURCE),
        ("source", "http://[::1/x", NO_URL),
        ("source", "http://[dead]beef]/x", NO_URL),
        ("source", "http://rir.example:port/x", NO_URL),
        ("source", "http://rir.example:70000/x", NO_URL),
        ("source", "http:///x", NO_URL),
        ("source", "http://rir.example/a b", NO_URL),
    ],
)
def test_a_declaration_and_the_module_say_the_same_of_a_value(option: str, value: str, said: str) -> None:
    options = splitting(option, value)
    for problems in (of_declaration(options), of_module(options)):
        assert [problem.message.rpartition("' ")[2] for problem in problems] == ([said] if said else [])


@pytest.mark.parametrize("url", ["http://user:hunter2@[::1/x", "http://user:hunter2@rir.example/x"])
def test_the_password_in_a_url_is_not_repeated(url: str) -> None:
    options = splitting("source", url)
    for problems in (of_declaration(options), of_module(options)):
        assert problems
        assert "hunter2" not in str(problems)
