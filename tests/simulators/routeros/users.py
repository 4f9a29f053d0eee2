# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, their groups' policies, and who may log in (API manual, centrs, tik4net)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap

FULL = "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,rest-api"
GROUPS = {
    "read": "local,telnet,ssh,reboot,read,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
    "write": "local,telnet,ssh,reboot,read,write,test,winbox,password,web,sniff,sensitive,api,romon,rest-api",
    "full": FULL,
}
REFUSED = "invalid user name or password (6)"
REFUSED_BY_6 = "cannot log in"


@dataclass(frozen=True)
class Account:
    """A user to make at the start. ``policies`` is the name of a group, or a comma list."""

    name: str
    password: str = ""
    policies: str = "full"


def parse_account(text: str) -> Account:
    """Read ``name:password:policies``; a policy may be denied by ``!``, as in ``full,!sensitive``."""
    name, _colon, rest = text.partition(":")
    password, _colon, policies = rest.rpartition(":") if ":" in rest else (rest, "", "full")
    return Account(name, password, policies)


def _granted(policies: str) -> frozenset[str]:
    granted: set[str] = set()
    for part in filter(None, policies.split(",")):
        if part in GROUPS:
            granted |= set(GROUPS[part].split(","))
        elif part.startswith("!"):
            granted.discard(part[1:])
        else:
            granted.add(part)
    return frozenset(granted)


def seed_users(router: Router, accounts: list[Account]) -> None:
    """Make the built-in groups and the users, each of the latter with a group of its own where it needs one."""
    store = router.store
    for name, policies in GROUPS.items():
        store.insert(Row("/user/group", store.new_id("/user/group"), {"name": name, "policy": _policy(policies)}))
    for account in accounts or [Account("admin")]:
        group = account.policies
        if group not in GROUPS:
            group = f"of-{account.name}"
            values = {"name": group, "policy": _policy(account.policies)}
            store.insert(Row("/user/group", store.new_id("/user/group"), values))
        identity = router.find_id("/user/group", group) or ""
        values = {"name": account.name, "group": identity, "password": account.password}
        store.insert(Row("/user", store.new_id("/user"), {name: text for name, text in values.items() if text}))


def _policy(policies: str) -> str:
    granted = _granted(policies)
    return ",".join(name if name in granted else f"!{name}" for name in FULL.split(","))


def log_in(router: Router, name: str, password: str, peer: str) -> Caller:
    """Give who logged in, or trap."""
    row = router.find("/user", name) if not name.startswith("*") else None
    refusal = Trap(REFUSED if router.profile.since(7, 1) else REFUSED_BY_6, router.profile.category("login-category"))
    if row is None or row.disabled or row.values.get("password", "") != password:
        raise refusal
    allowed = row.values.get("address", "")
    if allowed and not any(ipaddress.ip_address(peer) in ipaddress.ip_network(net) for net in allowed.split(",")):
        raise refusal
    group = router.store.get("/user/group", row.values["group"])
    policies = group.values.get("policy", "").split(",") if group else []
    caller = Caller(name, frozenset(each for each in policies if not each.startswith("!")))
    if not caller.may("api"):
        raise Trap(router.profile["login-without-api"], router.profile.category("login-category"))
    return caller
