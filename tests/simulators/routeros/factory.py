# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a router before anybody configures it: ports, built-in lists and tables, services, the SOHO default.

The default configuration is that of defconf exports; a CHR has none of it (schema).
"""

from __future__ import annotations

import ipaddress

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.device import SCRIPT_SESSION, Device
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import parse_release
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.requests import Request
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Caller, Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.store import Row
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.users import FULL

Seed = dict[str, "list[dict[str, str]] | dict[str, str]"]

FACTORY = Caller("factory", frozenset(FULL.split(",")))
SERVICES = {"telnet": 23, "ftp": 21, "www": 80, "ssh": 22, "www-ssl": 443, "api": 8728, "winbox": 8291, "api-ssl": 8729}
LISTS = {
    "all": "contains all interfaces",
    "none": "contains no interfaces",
    "dynamic": "contains dynamic interfaces",
    "static": "contains static interfaces",
}
FIRST_USER_LIST = 0x2000010  # as in exports with dangling ids


def _insert(router: Router, menu: str, values: dict[str, str], system: bool = False) -> None:
    identity = "" if router.menus[menu].singleton else router.store.new_id(menu)
    router.store.insert(Row(menu, identity, values, system))


def _has_loopback(router: Router) -> bool:
    since = router.profile["loopback"]
    return since == "always" or (since != "never" and router.profile.release >= parse_release(since))


def furnish(router: Router, ports: int) -> None:
    """Give a router what every one has."""
    for number in range(1, ports + 1):
        name = f"ether{number}"
        address = f"02:00:5E:00:00:{number:02X}"
        _insert(router, "/interface/ethernet", {"name": name, "default-name": name, "mac-address": address})
    if _has_loopback(router):
        _insert(router, "/interface/loopback", {"name": "lo"})
    for name, comment in LISTS.items():
        _insert(router, "/interface/list", {"name": name, "comment": comment}, system=True)
    router.store.skip_ids("/interface/list", FIRST_USER_LIST)
    if "/routing/table" in router.menus:
        _insert(router, "/routing/table", {"name": "main", "fib": ""}, system=True)
    for name, port in SERVICES.items():
        tls = {"certificate": "none", "tls-version": "any"} if name.endswith("-ssl") else {}
        _insert(router, "/ip/service", {"name": name, "port": str(port), **tls})
    for path, menu in router.menus.items():
        if menu.singleton:
            _insert(router, path, {})


_ESTABLISHED = "established,related,untracked"


def _rule(chain: str, comment: str, action: str = "accept", **matchers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): text for name, text in matchers.items()}
    return {"chain": chain, "action": action, "comment": f"defconf: {comment}", **named}


def _filter() -> list[dict[str, str]]:
    return [
        _rule("input", "accept established,related,untracked", connection_state=_ESTABLISHED),
        _rule("input", "drop invalid", "drop", connection_state="invalid"),
        _rule("input", "accept ICMP", protocol="icmp"),
        _rule("input", "accept to local loopback (for CAPsMAN)", dst_address="127.0.0.1"),
        _rule("input", "drop all not coming from LAN", "drop", in_interface_list="!LAN"),
        _rule("forward", "accept in ipsec policy", ipsec_policy="in,ipsec"),
        _rule("forward", "accept out ipsec policy", ipsec_policy="out,ipsec"),
        _rule("forward", "fasttrack", "fasttrack-connection", connection_state="established,related"),
        _rule("forward", "accept established,related, untracked", connection_state=_ESTABLISHED),
        _rule("forward", "drop invalid", "drop", connection_state="invalid"),
        _rule(
            "forward", "drop all from WAN not DSTNATed", "drop",
            connection_state="new", connection_nat_state="!dstnat", in_interface_list="WAN",
        ),
    ]  # fmt: skip


def _filter6() -> list[dict[str, str]]:
    ipsec = {
        "accept IKE": {"protocol": "udp", "dst_port": "500,4500"},
        "accept ipsec AH": {"protocol": "ipsec-ah"},
        "accept ipsec ESP": {"protocol": "ipsec-esp"},
        "accept all that matches ipsec policy": {"ipsec_policy": "in,ipsec"},
    }
    rest = {"in_interface_list": "!LAN"}
    return [
        _rule("input", "accept established,related,untracked", connection_state=_ESTABLISHED),
        _rule("input", "drop invalid", "drop", connection_state="invalid"),
        _rule("input", "accept ICMPv6", protocol="icmpv6"),
        _rule("input", "accept UDP traceroute", protocol="udp", dst_port="33434-33534"),
        _rule(
            "input", "accept DHCPv6-Client prefix delegation.",
            protocol="udp", dst_port="546", src_address="fe80::/10",
        ),
        *(_rule("input", comment, **matchers) for comment, matchers in ipsec.items()),
        _rule("input", "drop everything else not coming from LAN", "drop", **rest),
        _rule("forward", "accept established,related,untracked", connection_state=_ESTABLISHED),
        _rule("forward", "drop invalid", "drop", connection_state="invalid"),
        _rule("forward", "drop packets with bad src ipv6", "drop", src_address_list="bad_ipv6"),
        _rule("forward", "drop packets with bad dst ipv6", "drop", dst_address_list="bad_ipv6"),
        _rule("forward", "rfc4890 drop hop-limit=1", "drop", protocol="icmpv6", hop_limit="equal:1"),
        _rule("forward", "accept ICMPv6", protocol="icmpv6"),
        _rule("forward", "accept HIP", protocol="139"),
        *(_rule("forward", comment, **matchers) for comment, matchers in ipsec.items()),
        _rule("forward", "drop everything else not coming from LAN", "drop", **rest),
    ]  # fmt: skip


_BAD_6 = {
    "::/128": "unspecified address", "::1/128": "lo", "fec0::/10": "site-local", "::ffff:0.0.0.0/96": "ipv4-mapped",
    "::/96": "ipv4 compat", "100::/64": "discard only", "2001:db8::/32": "documentation",
    "2001:10::/28": "ORCHID", "3ffe::/16": "6bone",
}  # fmt: skip


DEFAULT_LAN = "192.168.88.1/24"


def default_configuration(ports: int, lan: str = DEFAULT_LAN) -> Seed:
    """Give the SOHO default: ether1 is the WAN, the other ports are bridged to the LAN, where the router is ``lan``."""
    mark = {"comment": "defconf"}
    router, network = str(ipaddress.ip_interface(lan).ip), ipaddress.ip_interface(lan).network
    return {
        "/interface/bridge": [{"name": "bridge", **mark}],
        "/interface/bridge/port": [
            {"bridge": "bridge", "interface": f"ether{number}", **mark} for number in range(2, ports + 1)
        ],
        "/interface/list": [{"name": "WAN", **mark}, {"name": "LAN", **mark}],
        "/interface/list/member": [
            {"interface": "bridge", "list": "LAN", **mark},
            {"interface": "ether1", "list": "WAN", **mark},
        ],
        "/ip/pool": [{"name": "default-dhcp", "ranges": f"{network[10]}-{network[-2]}"}],
        "/ip/address": [{"address": lan, "interface": "bridge", **mark}],
        "/ip/dhcp-client": [{"interface": "ether1", **mark}],
        "/ip/dhcp-server": [{"name": "defconf", "interface": "bridge", "address-pool": "default-dhcp"}],
        "/ip/dhcp-server/network": [{"address": str(network), "gateway": router, "dns-server": router, **mark}],
        "/ip/dns": {"allow-remote-requests": "yes"},
        "/ip/dns/static": [{"name": "router.lan", "address": router, "type": "A", **mark}],
        "/ip/firewall/filter": _filter(),
        "/ip/firewall/nat": [
            _rule("srcnat", "masquerade", "masquerade", ipsec_policy="out,none", out_interface_list="WAN")
        ],
        "/ipv6/firewall/address-list": [
            {"list": "bad_ipv6", "address": address, "comment": f"defconf: {comment}"}
            for address, comment in _BAD_6.items()
        ],
        "/ipv6/firewall/filter": _filter6(),
    }


def sow(device: Device, seed: Seed) -> None:
    """Configure a router as a user with all policies would: rows are added, settings of singletons set."""
    for path, content in seed.items():
        if isinstance(content, dict):
            device.run(FACTORY, SCRIPT_SESSION, Request(path, "set", content))
            continue
        for row in content:
            if path == "/interface/ethernet":
                _insert(device.router, path, {"default-name": row["name"], **row})
            else:
                device.run(FACTORY, SCRIPT_SESSION, Request(path, "add", row))
