# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a split tunnel is: which addresses go through an interface, and which servers are asked for which names.

Rules of this file: pure. Problems are found all at once, before anything is looked at. What is fetched (files and
statistics) may fail or shrink later; what is written down in the options may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import (
    aggregate,
    count_addresses,
    range_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_absolute_path,
    parse_address,
    parse_country,
    parse_domain,
    parse_interface_name,
    parse_source,
    whole_number,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    DEFAULT_REFRESH,
    DEFAULT_SHRINK_LIMIT,
    EXCEPT,
    ONLY,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import Fields

NEVER = "never"
DEFAULT_TABLE = 51821
# Eight bits at the upper end, where neither wg-quick's marks (16 bits) nor those of container networks are. The value
# is the protocol number by which this collection marks routes.
MARK_MASK = 0xFF000000
DEFAULT_MARK = 0x57000000


class Statistics(NamedTuple):
    """Countries and families out of a file of delegated statistics, by its path or URL."""

    source: str
    countries: tuple[str, ...]
    families: tuple[str, ...]


class NameServers(NamedTuple):
    """Servers that are asked for these domains; without domains, for every name."""

    servers: tuple[str, ...]
    domains: tuple[str, ...]


@dataclass(frozen=True)
class SplitTunnel:
    """The whole of what is wanted."""

    interface: str
    present: bool = True
    mode: str = ONLY
    prefixes: tuple[Prefix, ...] = ()
    files: tuple[str, ...] = ()
    rir: tuple[Statistics, ...] = ()
    families: tuple[str, ...] | None = None  # None: those of which the interface has addresses
    refresh: str = DEFAULT_REFRESH
    shrink_limit: int = DEFAULT_SHRINK_LIMIT  # percent
    dns: tuple[NameServers, ...] = ()
    table: int | str = DEFAULT_TABLE  # a number on Linux, a name on RouterOS
    mark: int = DEFAULT_MARK

    @property
    def fetches(self) -> bool:
        """Tell whether there is something that changes without a change of the options."""
        return bool(self.files or self.rir)

    @property
    def routes(self) -> bool:
        """Tell whether anything is to go through the interface; else there are only name servers."""
        return self.present and bool(self.mode == EXCEPT or self.prefixes or self.fetches)


def read_split_tunnel(options: Mapping[str, Any]) -> SplitTunnel:
    """Read a module's options. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    fields = Fields(options, "", problems)
    tunnel = SplitTunnel(
        interface=fields.one("interface", parse_interface_name, ""),
        present=fields.get("state") != "absent",
        mode=fields.get("mode") or ONLY,
        prefixes=tuple(fields.many("prefixes", parse_prefix)),
        files=tuple(fields.many("files", parse_absolute_path)),
        rir=tuple(map(_statistics, fields.dictionaries("rir"))),
        families=None if fields.get("families") is None else tuple(fields["families"]),
        refresh=fields.one("refresh", _parse_refresh, NEVER),
        shrink_limit=fields.one("shrink_limit", whole_number(0, 100), 0),
        dns=tuple(map(_name_servers, fields.dictionaries("dns"))),
        table=fields.one("table", _parse_table, None) or DEFAULT_TABLE,
        mark=fields.one("mark", _parse_mark, DEFAULT_MARK),
    )
    if tunnel.present and not tunnel.routes and not tunnel.dns:
        fields.wrong("prefixes", "nothing is to go through the tunnel: give prefixes, files, rir or dns")
    if problems:
        raise InvalidInput(problems)
    return tunnel


def whole_set(tunnel: SplitTunnel, fetched: Sequence[Prefix]) -> list[Prefix]:
    """Give what is named in the options together with what was fetched, in the fewest prefixes."""
    return aggregate(range_of(prefix) for each in (tunnel.prefixes, fetched) for prefix in each)


def shrinkage(before: Sequence[Prefix], after: Sequence[Prefix]) -> int:
    """Give by how many percent of its addresses a set shrank, in the family that shrank more; 0 if it grew."""
    shares = [0]
    for version in FAMILIES.values():
        earlier, later = count_addresses(before, version), count_addresses(after, version)
        if later < earlier:
            shares.append(-(-100 * (earlier - later) // earlier))
    return max(shares)


def _parse_refresh(value: Any) -> str:
    text = str(value).strip()
    if not text or not text.isprintable():  # it becomes a line of a unit
        raise InvalidValue("must be never, or one line that systemd.time(7) calls a calendar event, such as daily")
    return text


def _parse_table(value: Any) -> int | str:
    text = str(value)
    return whole_number(1, 0xFFFFFFFF)(text) if text.isdigit() else text


def _parse_mark(value: Any) -> int:
    text = str(value).strip().lower()
    number = int(text, 16) if re.match(r"^0x[0-9a-f]{1,8}$", text) else whole_number(1, 0xFFFFFFFF)(text)
    if not number or number & ~MARK_MASK:
        raise InvalidValue(f"must lie within the mask {MARK_MASK:#x}, and not be 0")
    return number


def _statistics(fields: Fields) -> Statistics:
    countries = tuple(fields.many("countries", parse_country))
    if not fields.get("countries"):
        fields.wrong("countries", "names no country")
    return Statistics(fields.one("source", parse_source, ""), countries, tuple(fields.get("families") or FAMILIES))


def _name_servers(fields: Fields) -> NameServers:
    servers, domains = tuple(fields.many("servers", parse_address)), tuple(fields.many("domains", parse_domain))
    if not fields.get("servers"):
        fields.wrong("servers", "names no server")
    return NameServers(servers, domains)
