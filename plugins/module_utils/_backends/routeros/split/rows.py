# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows by which a router splits, and how they are recognised.

Rules of this file: no input or output. Everything is named after the interface (`wgfleet-NAME`: the routing table, the
address lists, the chain of mangle and the mark of connections), and carries our comment, but for the entries of the
lists, which are known by the list. Those that the options name say so in their comment, since they stay when what was
fetched changes, and do not count where it is asked how much of that is left. They may lie within each other.

How packets find their way. RouterOS has no word for the direction of a packet within its connection, hence two marks: a
connection is marked by its first packet, if that leads into the set or comes through the tunnel, and every packet of it
that does not come out of the tunnel is routed by the table. So the answers of a connection that came in from elsewhere
keep their way. A rule lets routes narrower than everything go first. The tunnel's own packets return before that.
Packets that are fasttracked skip mangle, so that connections with our mark are accepted before that rule; someone
else's rule is not touched for it.

How names find their server. A router looks at the records that are regular expressions first, then at the plain ones,
each from top to bottom, and the first that matches decides (MikroTik manual, "DNS", "DNS Static"). Hence a domain
stands before one that it is in; and where a regular expression stands for every name, the domains are ones too.
"""

from __future__ import annotations

import hashlib
import json
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import comment_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.matchers import (
    NAMES as MATCHERS,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.matchers import (
    matchers_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.placement import (
    chains_of_others,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.values import decode_flag
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import SplitTunnel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import EXCEPT

Row = Dict[str, str]
Attributes = List[Tuple[str, str]]

# Kinds of parts, in the order in which they are put.
ENTRY, TABLE, ROUTE, RULE, NAT, FILTER, MANGLE, NAMES = (
    "entry", "table", "route", "rule", "nat", "filter", "mangle", "names",
)  # fmt: skip
KINDS = (ENTRY, TABLE, ROUTE, RULE, NAT, FILTER, MANGLE, NAMES)
MENUS: Mapping[str, Mapping[int, str]] = {
    ENTRY: {4: "/ip/firewall/address-list", 6: "/ipv6/firewall/address-list"},
    TABLE: {0: "/routing/table"},
    ROUTE: {4: "/ip/route", 6: "/ipv6/route"},
    RULE: {0: "/routing/rule"},
    NAT: {4: "/ip/firewall/nat", 6: "/ipv6/firewall/nat"},
    FILTER: {4: "/ip/firewall/filter", 6: "/ipv6/firewall/filter"},
    MANGLE: {4: "/ip/firewall/mangle", 6: "/ipv6/firewall/mangle"},
    NAMES: {0: "/ip/dns/static"},
}
_RULES = frozenset({NAT, FILTER, MANGLE})
_STRUCTURE = ("chain", "action", "jump-target")
_WORDS: Mapping[str, Sequence[str]] = {
    ENTRY: ("address",),
    TABLE: ("name", "fib"),
    ROUTE: ("dst-address", "gateway", "routing-table", "blackhole"),
    RULE: ("action", "table", "routing-mark", "min-prefix", "src-address", "dst-address", "interface"),
    NAT: _STRUCTURE,
    FILTER: _STRUCTURE,
    MANGLE: (*_STRUCTURE, "new-connection-mark", "new-routing-mark", "passthrough"),
    NAMES: ("name", "regexp", "type", "forward-to", "match-subdomain"),
}
_PRESENCE = frozenset({"fib", "blackhole"})
_ANYTHING = {4: "0.0.0.0/0", 6: "::/0"}
_FASTTRACK = "fasttrack-connection"
_TAKING = frozenset({"accept", "mark-connection", "mark-routing", "jump", "route", _FASTTRACK})
_EVERY_NAME = "every name"
# What the comment of an entry says; that of one that was fetched says nothing, because there may be very many.
_NAMED, _NAMED_AND_FETCHED = "named", "named and fetched"
_DISABLED = "disabled"
_NOT_TAKING_NAT = frozenset({"log", "passthrough"})


class Wanted(NamedTuple):
    """A row that shall stand: its kind, IP version (0 for both), what it does, and its properties."""

    kind: str
    version: int
    what: str
    attributes: tuple[tuple[str, str], ...]
    detail: str = ""

    @property
    def name(self) -> str:
        """Give the name of the part."""
        return f"{self.version} {self.what}"


def user_of(interface: str) -> str:
    """Give the user in our comments; it has a blank, as no user of the gateway's modules can have."""
    return f"split {interface}"


def label_of(interface: str) -> str:
    """Give the name of table, lists, chain and mark."""
    return f"wgfleet-{interface}"


def sources_of(tunnel: SplitTunnel) -> str:
    """Give a short text that is the same as long as the same is fetched."""
    words = [*tunnel.files, "", *map(repr, tunnel.rir)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def words_of(kind: str, version: int, release: Release) -> tuple[str, ...]:
    """Name what is asked for of the rows of a kind."""
    return (*_WORDS[kind], *(matchers_of((kind, version), release) if kind in _RULES else ()))


def content_of(kind: str, row: Mapping[str, str]) -> str:
    """Give what counts of a row, in one spelling.

    What others may have added to a rule of ours counts too: it would no longer match what it should.
    """
    if decode_flag(row.get("disabled")):
        return _DISABLED
    names = {*_WORDS[kind], *(MATCHERS if kind in _RULES else ())} & row.keys()
    words = {name: _spelled(name, row[name]) for name in names if row[name] or name in _PRESENCE}
    return json.dumps({**words, "comment": row.get("comment", "")}, sort_keys=True)


def _spelled(name: str, text: str) -> str:
    if name in _PRESENCE:
        return "yes"
    return {"true": "yes", "false": "no"}.get(text, text)


def attributes_of(wanted: Wanted, interface: str) -> Attributes:
    """Give all properties of a row."""
    what = f"{wanted.what} = {wanted.detail}" if wanted.detail else wanted.what
    return [*wanted.attributes, ("comment", comment_of(user_of(interface), what))]


def part_name(version: int, row: Mapping[str, str]) -> str:
    """Give the name of the part that a row of ours is."""
    what = row.get("comment", "").partition(": ")[2]
    return f"{version} {what.partition(' = ')[0]}"


def wanted_rows(
    tunnel: SplitTunnel, versions: Sequence[int], listen_port: int, fasttracks: Sequence[int]
) -> Iterator[Wanted]:
    """Give all rows but the entries of the lists. `fasttracks` are the versions in whose filter a rule fasttracks."""
    if tunnel.routes:
        label = label_of(tunnel.interface)
        yield Wanted(TABLE, 0, "table", (("name", label), ("fib", "yes")), sources_of(tunnel))
        for version in versions:
            to = (("dst-address", _ANYTHING[version]), ("gateway", tunnel.interface), ("routing-table", label))
            yield Wanted(ROUTE, version, "everything", to)
        narrower = (("action", "lookup"), ("table", "main"), ("routing-mark", label), ("min-prefix", "0"))
        yield Wanted(RULE, 0, "narrower routes first", narrower)
        for version in versions:
            yield from _firewall(tunnel, version, listen_port, version in fasttracks)
    yield from _names(tunnel)


def _names(tunnel: SplitTunnel) -> Iterator[Wanted]:
    """Give the records, in their order."""
    servers = {domain: each.servers[0] for each in tunnel.dns for domain in each.domains or ("",)}
    rows = [
        Wanted(NAMES, 0, what, (*which, ("type", "FWD"), ("forward-to", server)))
        for domain, server in servers.items()
        for what, which in _matching(domain, "" in servers)
    ]
    return iter(sorted(rows, key=lambda row: turn_of(row.kind, row.name)))


def _matching(domain: str, by_expression: bool) -> Iterator[tuple[str, Attributes]]:
    if not domain:
        yield _EVERY_NAME, [("regexp", ".*")]
    elif by_expression:  # in words that basic and extended expressions share
        expression = domain.lower().replace(".", "\\.")
        yield domain, [("regexp", f"^{expression}$")]
        yield f"below {domain}", [("regexp", f"\\.{expression}$")]
    else:
        yield domain, [("name", domain), ("match-subdomain", "yes")]


def turn_of(kind: str, name: str) -> tuple[int, str]:
    """Give by what the parts of a kind whose order counts are sorted. `name` is that of the part."""
    if kind != NAMES:
        return 0, name
    return 0 if name.endswith(f" {_EVERY_NAME}") else -1 - name.count("."), name


def _firewall(tunnel: SplitTunnel, version: int, listen_port: int, fasttracked: bool) -> Iterator[Wanted]:
    label, through = label_of(tunnel.interface), tunnel.interface
    mark = (("action", "mark-connection"), ("new-connection-mark", label), ("passthrough", "yes"),
            ("connection-state", "new"), ("connection-mark", "no-mark"))  # fmt: skip
    jump = (("action", "jump"), ("jump-target", label), ("dst-address-type", "!local"))
    listed = f"{'!' if tunnel.mode == EXCEPT else ''}{label}"
    sent = (("action", "masquerade"), ("out-interface", through), ("src-address-type", "local"))
    yield Wanted(NAT, version, "the router's own", (("chain", "srcnat"), *sent, ("connection-mark", label)))
    if fasttracked:
        states = ("connection-state", "established,related,untracked")
        accept = (("chain", "forward"), ("action", "accept"), ("connection-mark", label), states)
        yield Wanted(FILTER, version, "not fasttracked", accept)
    own = (("protocol", "udp"), ("src-port", str(listen_port)), ("src-address-type", "local"))
    rows = {
        "1 the tunnel's own": (("chain", label), ("action", "return"), *own),
        "2 first packets": (("chain", label), *mark, ("dst-address-list", listed)),
        "3 every packet": (("chain", label), ("action", "mark-routing"), ("new-routing-mark", label),
                           ("passthrough", "no"), ("connection-mark", label)),
        "4 from the tunnel": (("chain", "prerouting"), *mark, ("in-interface", through)),
        "5 forwarded": (("chain", "prerouting"), *jump, ("in-interface", f"!{through}")),
        "6 sent": (("chain", "output"), *jump),
    }  # fmt: skip
    for what, attributes in rows.items():
        yield Wanted(MANGLE, version, what, attributes)


def entries_of(named: Sequence[Prefix], fetched: Sequence[Prefix]) -> dict[Prefix, str]:
    """Give the entries of the lists, and what counts of each."""
    return {
        **{prefix: _NAMED for prefix in named},
        **{prefix: "" for prefix in fetched},
        **{prefix: _NAMED_AND_FETCHED for prefix in {*named} & {*fetched}},
    }


def entry_content(interface: str, row: Mapping[str, str]) -> str:
    """Give what counts of an entry as it is on a router."""
    marks = {comment_of(user_of(interface), mark): mark for mark in (_NAMED, _NAMED_AND_FETCHED)}
    mark = marks.get(row.get("comment", ""), "")
    return f"{mark} {_DISABLED}".strip() if decode_flag(row.get("disabled")) else mark


def is_fetched(content: str) -> bool:
    """Tell whether an entry is there because it was fetched, whether or not the options name it, too."""
    return content not in (_NAMED, f"{_NAMED} {_DISABLED}")


def entry_attributes(interface: str, prefix: Prefix, content: str) -> Attributes:
    """Give all properties of an entry."""
    attributes = [("list", label_of(interface)), ("address", entry_text(prefix))]
    return attributes + ([("comment", comment_of(user_of(interface), content))] if content else [])


def entry_text(prefix: Prefix) -> str:
    """Give an entry as a router prints it: an IPv4 host without its length."""
    return str(prefix.network.network_address) if prefix.version == 4 and prefix.length == 32 else str(prefix)


def anchor(kind: str, rows: Sequence[Row], chain: str) -> str:
    """Give the id of the first rule of someone else that would take the packets of a rule of ours; empty for none.

    Rules of all users of ours are passed over: each has marks of its own, so that their order is of no matter. A jump
    takes what a rule behind it takes.
    """
    chains = chains_of_others(rows)
    return next((row[".id"] for row in chains.get(chain, ()) if _leads_away(kind, row, chains, {chain})), "")


def _leads_away(kind: str, row: Row, chains: Mapping[str, Sequence[Row]], visited: set[str]) -> bool:
    if _takes(kind, row.get("action", "accept")):
        return True
    target = row.get("jump-target", "")
    if row.get("action") != "jump" or target in visited:
        return False
    return any(_leads_away(kind, each, chains, visited | {target}) for each in chains.get(target, ()))


def fasttracks(rows: Sequence[Row]) -> bool:
    """Tell whether a filter fasttracks what it forwards."""
    return any(row.get("action") == _FASTTRACK and not decode_flag(row.get("disabled")) for row in rows)


def _takes(kind: str, action: str) -> bool:
    if kind == NAMES:
        return False
    if kind == FILTER:
        return action == _FASTTRACK
    return action not in _NOT_TAKING_NAT if kind == NAT else action in _TAKING
