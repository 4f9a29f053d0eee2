# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a split tunnel is in the kernel: the packet filter's table, policy rules, routes and one switch.

Rules of this file: standard library and the programs nft and ip only, because it also runs without Ansible, at boot and
when a set is refreshed. Whether the table is as it was loaded is told by a fingerprint of what nft lists, and of what
was loaded: the text that goes in is not the text that comes out, and the file may be newer than what runs.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Collection, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import SPLIT_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.programs import run_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.small_files import read_text, write_text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    loaded_path,
    set_path,
    table_name,
    table_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.prefix_lists import parse_prefix_list
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import aggregate
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix

_IFF_UP = 1  # linux/if.h
LOOSE, STRICT = 2, 1  # rp_filter, Documentation/networking/ip-sysctl.rst


def read_set(interface: str) -> list[Prefix]:
    """Give what was fetched last."""
    return aggregate(parse_prefix_list(read_text(set_path(interface))))


def loaded_table(interface: str) -> str:
    """Give the text that was loaded; empty where there is no table, another text where it was changed since."""
    listing = _listing(interface)
    if not listing:
        return ""
    text = read_text(table_path(interface))
    return text if _fingerprint(listing, text) == read_text(loaded_path(interface)) else "changed"


def refuse_unknown(text: str) -> None:
    """Raise ProgramError where nft or the kernel does not know what is in a table. Writes nothing."""
    run_program(["nft", "-c", "-f", "-"], text)


def load_table(interface: str, text: str) -> None:
    """Replace the table in one transaction."""
    run_program(["nft", "-f", "-"], text)
    write_text(loaded_path(interface), _fingerprint(_listing(interface), text))


def remove_table(interface: str) -> None:
    """Remove the table."""
    name = table_name(interface)
    run_program(["nft", "-f", "-"], f"table inet {name}\ndelete table inet {name}\n")


def observed_rules(marks: Collection[int]) -> list[str]:
    """Give the policy rules of ours for some marks, in the words in which they are wanted."""
    found = []
    for family in ("-4", "-6"):
        for row in json.loads(run_program(["ip", "-j", family, "rule", "show"], may_fail=True) or "[]"):
            if row.get("protocol") == str(SPLIT_PROTOCOL) and int(row.get("fwmark", "0"), 16) in marks:
                found.append(f"{family} {_rule_words(row)}")
    return found


def _rule_words(row: Mapping[str, Any]) -> str:
    suppressed = f" suppress_prefixlength {row['suppress_prefixlen']}" if "suppress_prefixlen" in row else ""
    mask = row.get("fwmask", "0xffffffff")
    return f"priority {row['priority']} fwmark {row['fwmark']}/{mask}{suppressed} table {row['table']}"


def put_rule(rule: str) -> None:
    """Add a policy rule."""
    family, *words = rule.split()
    run_program(["ip", family, "rule", "add", *words, "protocol", str(SPLIT_PROTOCOL)])


def drop_rule(rule: str) -> None:
    """Remove a policy rule."""
    family, *words = rule.split()
    run_program(["ip", family, "rule", "del", *words, "protocol", str(SPLIT_PROTOCOL)])


def observed_routes(interface: str, tables: Collection[int | str]) -> list[str]:
    """Give the routes of ours through an interface in some tables, in the words in which they are wanted."""
    found = []
    for family in ("-4", "-6"):
        for table in tables:
            words = f"default dev {interface} table {table}"
            shown = run_program(
                ["ip", "-j", family, "route", "show", *words.split(), "proto", str(SPLIT_PROTOCOL)], may_fail=True
            )
            if json.loads(shown or "[]"):
                found.append(f"{family} {words}")
    return found


def put_route(route: str) -> None:
    """Add a route; one that is there is replaced."""
    family, *words = route.split()
    run_program(["ip", family, "route", "replace", *words, "proto", str(SPLIT_PROTOCOL)])


def drop_route(route: str) -> None:
    """Remove a route."""
    family, *words = route.split()
    run_program(["ip", family, "route", "del", *words, "proto", str(SPLIT_PROTOCOL)])


def is_up(interface: str) -> bool:
    """Tell whether the interface is there and up."""
    flags = read_text(f"/sys/class/net/{interface}/flags").strip()
    return bool(flags and int(flags, 16) & _IFF_UP)


def exists(interface: str) -> bool:
    """Tell whether there is an interface of that name."""
    return bool(read_text(f"/sys/class/net/{interface}/flags"))


def reverse_path_filter(interface: str) -> int:
    """Give the switch rp_filter of an interface, or of `all`; 0 where there is none."""
    return int(read_text(_switch(interface)) or 0)


def set_reverse_path_filter(interface: str, value: int) -> None:
    """Set the switch rp_filter of an interface."""
    with open(_switch(interface), "w", encoding="ascii") as stream:
        stream.write(f"{value}\n")


def _switch(interface: str) -> str:
    return f"/proc/sys/net/ipv4/conf/{interface}/rp_filter"


def _listing(interface: str) -> str:
    return run_program(["nft", "-s", "list", "table", "inet", table_name(interface)], may_fail=True)


def _fingerprint(listing: str, loaded: str) -> str:
    return "".join(hashlib.sha256(text.encode()).hexdigest() + "\n" for text in (listing, loaded))
