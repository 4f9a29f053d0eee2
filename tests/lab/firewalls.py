# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls of others on a host of a lab, each of which drops what a gateway has to let through.

What is installed on the machine that runs the tests does not matter: each firewall runs in a host of a lab only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.lab.debian_packages import FIREWALLD, IPTABLES, UFW, provide
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab

NFTABLES = """
flush ruleset
table inet filter {
  chain world { tcp dport { 80, 443 } accept; }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname vmap { "lo" : accept, "wan" : jump world }
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ip saddr 198.51.100.0/24 drop
    limit rate 10/second counter log prefix "blocked: "
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    reject with icmpx admin-prohibited
  }
}
"""
IPTABLES_RULES = """
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:blocked - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT {neighbours}
-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -p udp -m udp --dport 9999 -j DROP
-A FORWARD -j blocked
-A blocked -m limit --limit 3/min -j LOG
-A blocked -j REJECT
COMMIT
"""
CONFIGURATION = "/etc/firewalld/firewalld.conf"
BUS = """
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/>
</policy></busconfig>
"""


def start_nftables(lab: Lab, host: str) -> None:
    lab.run(host, ["nft", "-f", "-"], input=NFTABLES)


def start_iptables(lab: Lab, host: str, kind: str) -> None:
    provide(lab, host, IPTABLES)
    for program, neighbours in (("iptables", "-p icmp -j ACCEPT"), ("ip6tables", "-p ipv6-icmp -j ACCEPT")):
        rules = IPTABLES_RULES.format(neighbours=neighbours)
        lab.run(host, [f"{program}-{kind}-restore"], input=rules)


def start_ufw(lab: Lab, host: str, ipv6: str = "yes") -> None:
    provide(lab, host, UFW)
    # The files as the package puts them there. Only a reload loads all of them.
    files = "cd /usr/share/ufw; cp *.init ufw.conf iptables/*.rules /etc/ufw/"
    files += f"; sed -i s/^IPV6=.*/IPV6={ipv6}/ /etc/default/ufw; grep -qx IPV6={ipv6} /etc/default/ufw"
    rules = "ufw --force enable; ufw allow 22/tcp; ufw deny from 198.51.100.0/24; ufw reload"
    lab.run(host, ["sh", "-ec", f"{files}; {rules}"])


def start_firewalld(lab: Lab, host: str, backend: str = "nftables") -> None:
    provide(lab, host, FIREWALLD)
    chosen = f"FirewallBackend={backend}"
    lab.run(host, ["sh", "-ec", f"sed -i s/^FirewallBackend=.*/{chosen}/ $0; grep -qx {chosen} $0", CONFIGURATION])
    bus = "mkdir -p /run/dbus; cat >/run/bus.conf; dbus-daemon --config-file=/run/bus.conf --fork"
    lab.run(host, ["sh", "-ec", bus], input=BUS)
    lab.run(host, ["firewalld"])
    deadline = time.monotonic() + 30
    while lab.run(host, ["firewall-cmd", "--state"], check=False).stdout.strip() != "running":
        assert time.monotonic() < deadline, "firewalld does not start"
        time.sleep(0.2)
    for zone, interface in (("internal", "lan"), ("public", "wan")):
        lab.run(host, ["firewall-cmd", "--permanent", f"--zone={zone}", f"--add-interface={interface}"])
    lab.run(host, ["firewall-cmd", "--reload"])


STARTS: dict[str, Callable[[Lab, str], None]] = {
    "nftables": start_nftables,
    "iptables-nft": lambda lab, host: start_iptables(lab, host, "nft"),
    "iptables-legacy": lambda lab, host: start_iptables(lab, host, "legacy"),
    "ufw": start_ufw,
    "firewalld": start_firewalld,
}


def rules(lab: Lab, host: str) -> list[Any]:
    """All rules of the host's nftables, which are iptables' too, and those of the elder iptables."""
    found = [each for each in lab.snapshot(host)["nftables"]["nftables"] if "rule" in each or "chain" in each]
    legacy = "for each in ip ip6; do ! grep -q . /proc/net/${each}_tables_names || ${each}tables-legacy-save; done"
    saved = lab.run(host, ["sh", "-c", legacy], check=False).stdout
    return [_plain(found), [line.partition(" [")[0] for line in saved.splitlines() if not line.startswith("#")]]


def _plain(value: Any) -> Any:
    """A listing without numbers that change."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name not in ("handle", "packets", "bytes")}
    return value
