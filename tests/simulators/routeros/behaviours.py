# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a menu does with an item beyond storing it: values made up, refusals, followers (schema, tik4net).

Rules of this file: a completion ``(router, caller, row, values, given)`` may add to ``values`` or trap; ``row`` is the
item as it is, None when it is new; ``given`` are the names that the client sent. Nothing is stored here.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import parse_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import SWITCHES
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.interfaces import INTERFACE_MENUS
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import GENERAL, Trap, invalid, not_permitted
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.x25519 import (
    new_key,
    new_preshared_key,
    public_key,
)


class Write(NamedTuple):
    """An item that is about to be stored."""

    router: Router
    caller: Caller
    row: Row | None
    values: dict[str, str]
    given: frozenset[str]

    def others(self, menu: str) -> list[Row]:
        """Give the other items of a menu."""
        return [row for row in self.router.store.rows.get(menu, []) if row is not self.row]


Completion = Callable[[Write], None]


def free_name(router: Router, menu: str, stem: str) -> str:
    """Give the first name ``stemN`` that nothing has."""
    taken = {row.values.get("name") for row in router.rows(menu)}
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}{number}") not in taken)


def duplicate(router: Router, text: str) -> Trap:
    """Refuse what is there already; a text may be a switch."""
    message = router.profile[text] if text in SWITCHES else text
    return Trap(message, router.profile.category("duplicate-category"))


def _interface_name(stem: str) -> Completion:
    def complete(write: Write) -> None:
        if not write.values.get("name"):
            write.values["name"] = free_name(write.router, "/interface", stem)
        name = write.values["name"]
        if any(row.values.get("name") == name for menu in INTERFACE_MENUS for row in write.others(menu)):
            long = f"already have interface with name {name}"
            short = "failure: already have interface with such name"
            raise duplicate(write.router, long if write.router.profile["with-position"] == "long" else short)

    return complete


def _private_key(write: Write) -> str:
    """Give what an interface has that is made without a key, or whose key is set to nothing."""
    if write.row is None or "private-key" not in write.given or write.router.profile["empty-private-key"] == "new":
        return new_key()
    if write.router.profile["empty-private-key"] == "refuse":
        raise invalid("private-key")
    return write.row.values["private-key"]


def _wireguard(write: Write) -> None:
    _interface_name("wireguard")(write)
    write.values["private-key"] = write.values.get("private-key") or _private_key(write)
    if "listen-port" not in write.values:
        unset = write.router.profile["listen-port-unset"]
        write.values["listen-port"] = unset if unset.isdigit() else str(20000 + secrets.randbelow(40000))
    if write.router.profile["port-conflict"] == "refuse":
        ports = {row.values.get("listen-port") for row in write.others("/interface/wireguard")}
        if write.values["listen-port"] in ports:
            raise Trap("failure: listen-port is already in use", GENERAL)


def _peer_name(write: Write) -> None:
    """Name a peer that has no name, from 7.15 on."""
    router, values = write.router, write.values
    stays_empty = write.row is not None and router.profile["empty-peer-name"] == "empty"
    if router.profile.since(7, 15) and not values.get("name") and not stays_empty:
        values["name"] = free_name(router, "/interface/wireguard/peers", "peer")
    names = {row.values.get("name") for row in write.others("/interface/wireguard/peers")} - {None}
    if router.profile["duplicate-peer-name"] == "refuse" and values.get("name") in names:
        raise duplicate(router, "failure: already have peer with such name")


def _peer(write: Write) -> None:
    router, values = write.router, write.values
    for name, make in (("private-key", new_key), ("preshared-key", new_preshared_key)):
        if values.get(name) in ("auto", "none"):
            values[name] = make() if values[name] == "auto" else ""
            if not values[name]:
                del values[name]
    _peer_name(write)
    if router.profile["empty-allowed-address"] == "refuse" and not values.get("allowed-address"):
        raise invalid("allowed-address")
    if values.get("private-key") and "public-key" not in values:
        values["public-key"] = public_key(values["private-key"])
    others = write.others("/interface/wireguard/peers")
    anywhere = router.profile["key-on-other-interface"] == "refuse"
    key, interface = values.get("public-key"), values["interface"]
    if key and any(
        row.values.get("public-key") == key and (anywhere or row.values["interface"] == interface) for row in others
    ):
        raise duplicate(router, "failure: entry already exists")
    if router.profile["allowed-overlap"] == "refuse":
        ours = set(values.get("allowed-address", "").split(",")) - {""}
        theirs = [
            set(row.values["allowed-address"].split(",")) for row in others if row.values["interface"] == interface
        ]
        if any(ours & each for each in theirs):
            raise duplicate(router, "failure: allowed-address overlaps")


def _address(write: Write) -> None:
    values, router = write.values, write.router
    interface = ipaddress.ip_interface(values["address"])
    follows = router.profile["network-follows-address"] == "yes" and "address" in write.given
    if "network" not in write.given and (follows or "network" not in values):
        values["network"] = str(interface.network.network_address)
    same = (values["interface"], values["address"])
    if any((row.values["interface"], row.values["address"]) == same for row in write.others("/ip/address")):
        raise duplicate(router, "failure: already have such address")


def _address6(write: Write) -> None:
    values = write.values
    if "/" not in values.get("address", ""):
        values["address"] = "::/64"
    if values["address"].endswith("/128") and "advertise" not in write.given:
        values["advertise"] = "false"  # CLI reference: by default for /64
    same = (values["interface"], values["address"])
    if any((row.values["interface"], row.values["address"]) == same for row in write.others("/ipv6/address")):
        raise duplicate(write.router, "duplicate-address6")


def _route(menu: str) -> Completion:
    default = "0.0.0.0/0" if menu == "/ip/route" else "::/0"
    keys = ("dst-address", "gateway", "routing-table", "distance")

    def complete(write: Write) -> None:
        write.values.setdefault("dst-address", default)
        write.values.setdefault("routing-table", "*0")
        refuse = write.router.profile["duplicate-route"] == "refuse"
        mine = [write.values.get(key) for key in keys]
        if refuse and any([row.values.get(key) for key in keys] == mine for row in write.others(menu)):
            raise duplicate(write.router, "failure: already have such route")

    return complete


def _dns_static(write: Write) -> None:
    if not write.values.get("name") and not write.values.get("regexp"):
        raise Trap("failure: name or regexp required", GENERAL)


def _scheduler(write: Write) -> None:
    asked = set(write.values.get("policy", write.router.menus["/system/scheduler"].field("policy").unset).split(","))
    if not asked <= write.caller.policies:
        raise not_permitted()  # as librouteros saw
    write.values.setdefault("owner", write.caller.user)
    now = write.router.now
    date, _space, moment = write.router.profile.date(now).partition(" ")
    write.values.setdefault("start-date", date)
    write.values.setdefault("start-time", moment)


def _script(write: Write) -> None:
    write.values.setdefault("owner", write.caller.user)


def _file(write: Write) -> None:
    contents = write.values.setdefault("contents", "")
    if len(contents) > 61_440:
        raise Trap("failure: contents too long", GENERAL)
    write.values["size"] = str(len(contents.encode()))
    write.values["last-modified"] = write.router.profile.date(write.router.now)
    write.values.setdefault("type", "script" if write.values["name"].endswith(".rsc") else ".txt file")


def _listed(write: Write) -> None:
    write.values.setdefault("creation-time", write.router.profile.date(write.router.now))
    if "timeout" in write.given:
        write.values.pop("expires", None)
        if milliseconds := parse_duration(write.values.get("timeout", "0s")):
            write.values["expires"] = str(time.time() + milliseconds / 1000)


def _group(write: Write) -> None:
    """Granting is cumulative: names are granted, ``!names`` denied, others stay (tik4net)."""
    before = write.row.values.get("policy", "") if write.row else ""
    granted = {name for name in before.split(",") if name and not name.startswith("!")}
    for name in filter(None, write.values.get("policy", "").split(",")):
        granted = granted - {name[1:]} if name.startswith("!") else granted | {name}
    order = (
        "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password", "web",
        "sniff", "sensitive", "api", "romon", "rest-api",
    )  # fmt: skip
    write.values["policy"] = ",".join(name if name in granted else f"!{name}" for name in order)


COMPLETIONS: dict[str, Completion] = {
    "/interface/wireguard": _wireguard,
    "/interface/bridge": _interface_name("bridge"),
    "/interface/ethernet": _interface_name("ether"),
    "/interface/wireguard/peers": _peer,
    "/ip/address": _address,
    "/ipv6/address": _address6,
    "/ip/route": _route("/ip/route"),
    "/ipv6/route": _route("/ipv6/route"),
    "/ip/dns/static": _dns_static,
    "/system/scheduler": _scheduler,
    "/system/script": _script,
    "/file": _file,
    "/user/group": _group,
    "/ip/firewall/address-list": _listed,
    "/ipv6/firewall/address-list": _listed,
}


def complete(write: Write, menu: str) -> None:
    """Finish an item and refuse it if another is the same."""
    if menu in COMPLETIONS:
        COMPLETIONS[menu](write)
    table = write.router.menus[menu]
    if not table.unique or menu in INTERFACE_MENUS:
        return
    mine = [write.values.get(name) for name in table.unique]
    if any([row.values.get(name) for name in table.unique] == mine for row in write.others(menu)):
        raise duplicate(write.router, table.duplicate or "failure: entry already exists")


def followers(router: Router, row: Row) -> list[Row]:
    """Give the items that go with an item; by default none do, and dangling ids stay (exports)."""
    if row.menu != "/interface/wireguard" or router.profile["orphan-peers"] == "keep":
        return []
    return [peer for peer in router.store.rows["/interface/wireguard/peers"] if peer.values["interface"] == row.id]
