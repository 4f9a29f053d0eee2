# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared networks in a lab: fleets that the production playbooks are run against, and what came of a run."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    CHECKOUT,
    Lab,
    PlaybookRun,
    Playbooks,
    Topology,
    demo_topology,
)

Declaration = dict[str, Any]
# For runs of which the module calls are counted: a link that comes up late on a busy machine is asked for its reason.
PATIENTLY = ("--extra-vars", "wireguard_probe_timeout=60")
DEMO_SITES = ("office1", "office2", "branch")
WORKSTATIONS = {
    "office1-pc": ("10.1.202.10", "fd00:202::10"),
    "office2-pc": ("10.1.101.10", "fd00:101::10"),
    "branch-pc": ("192.168.88.10", "fd00:88::10"),
}
MODULES = (
    "keypair", "linux_interface", "linux_gateway", "linux_peer", "linux_info", "linux_split_tunnel",
    "routeros_interface", "routeros_gateway", "routeros_peer", "routeros_info", "routeros_split_tunnel",
)  # fmt: skip
_CHOSEN_BY_KERNEL = {"ifindex", "flags", "operstate", "metainfo", "handle"}
_PLACES = (
    "/etc/wireguard", "/etc/wgfleet", "/etc/sysctl.d", "/etc/systemd", "/etc/firewalld", "/etc/dnsmasq.d",
    "/var/lib/wgfleet", "/usr/local/lib/wgfleet",
)  # fmt: skip
_UNITS = "/etc/sysctl.d/60-wgfleet* /etc/systemd/system/wgfleet* /etc/systemd/system/*.wants/wg*"
# Where a run writes. The rest of a host's files is that of this machine, where others may be at work.
_FILES = ["find", "/etc", "/var/lib/wgfleet", "/run", "-xdev", "!", "-type", "d", "-printf", "%p %m %s %T@\n"]


def demo_networks() -> Declaration:
    """The declaration of the demo without its client and its gateway, to be changed at will."""
    path = CHECKOUT / "playbooks/demo_inventory/group_vars/all/wireguard.yml"
    networks: Declaration = yaml.safe_load(path.read_text(encoding="utf-8"))["wireguard_networks"]
    del networks["corp"]["gateways"], networks["corp"]["clients"]
    return networks


def star(*sites: str, nat: Iterable[str] = ()) -> Topology:
    """Sites around an internet, those of ``nat`` behind a NAT router each. Site number N (from 1) has 198.51.N.1."""
    hosts: dict[str, Any] = {"internet": {"forwarding": True}}
    links: list[dict[str, Any]] = []
    for number, site in enumerate(sites, 1):
        outer = f"{site}-nat" if site in nat else site
        links.append(_wan(outer, f"198.51.{number}.1/24", "internet", site, f"198.51.{number}.254/24"))
        hosts[outer] = {"routes": {"0.0.0.0/0": f"198.51.{number}.254"}}
        if site in nat:
            hosts[outer] |= {"forwarding": True, "masquerade": "wan"}
            hosts[site] = {"routes": {"0.0.0.0/0": f"10.99.{number}.254"}}
            links.append(_wan(site, f"10.99.{number}.1/24", outer, "lan", f"10.99.{number}.254/24"))
    return {"hosts": hosts, "links": links}


def _wan(a: str, a_address: str, b: str, b_interface: str, b_address: str) -> dict[str, Any]:
    ends = {"a": a, "a_interface": "wan", "a_addresses": [a_address]}
    return {**ends, "b": b, "b_interface": b_interface, "b_addresses": [b_address]}


def star_network(*sites: str, nat: Iterable[str] = (), **options: Any) -> Declaration:
    """The declaration that goes with ``star``: site N has 10.255.0.N in the tunnel, and 10.0.N.0/24 behind it."""
    members = {}
    for number, site in enumerate(sites, 1):
        dialled = {"nat": True} if site in nat else {"endpoint": f"198.51.{number}.1"}
        members[site] = {**dialled, "routes": [f"10.0.{number}.0/24"], "address": [f"10.255.0.{number}/24"]}
    return {"corp": {"interface": "wg0", "pool": ["10.255.0.0/24"], "members": members, **options}}


@dataclass
class Fleet:
    """A lab, the hosts of it that are under Ansible, and the declaration that is to stand there."""

    lab: Lab
    playbooks: Playbooks
    hosts: tuple[str, ...]
    networks: Declaration
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def registry(self) -> Path:
        """The registry's file."""
        return self.playbooks.directory / "inventory/wireguard_registry.yml"

    def run(self, *flags: str, play: str = "site_to_site", code: int | None = 0) -> PlaybookRun:
        """Run a playbook of the collection; the flags go to ansible-playbook."""
        variables = {"wireguard_install": False, "wireguard_networks": self.networks, **self.variables}
        inventory = self.lab.inventory(*self.hosts, **variables)
        return self.playbooks.run(f"wgfleet.wireguard.{play}", inventory, arguments=flags, code=code)

    def tasks(
        self, host: str, *tasks: dict[str, Any], flags: tuple[str, ...] = (), code: int | None = 0
    ) -> PlaybookRun:
        """Run tasks on one host, each of which is ``{module: options}`` with further keywords of tasks."""
        play = [{"hosts": host, "gather_facts": False, "tasks": list(tasks)}]
        return self.playbooks.run(play, self.lab.inventory(host), arguments=flags, code=code)

    def members(self) -> dict[str, Any]:
        """The members of the network corp in the declaration."""
        members: dict[str, Any] = self.networks["corp"]["members"]
        return members

    def pinned(self, member: str, network: str = "corp") -> dict[str, Any]:
        """What the registry has of a member."""
        entry: dict[str, Any] = self.registry_data()["networks"][network]["members"][member]
        return entry

    def registry_data(self) -> dict[str, Any]:
        """What the registry's file says."""
        data: dict[str, Any] = yaml.safe_load(self.registry.read_text(encoding="utf-8"))
        return data

    def state(self, host: str) -> dict[str, Any]:
        """All network state of a host, WireGuard's settings included."""
        names = self.lab.run(host, ["wg", "show", "interfaces"]).stdout.split()
        devices = {name: showconf(self.lab, host, name) for name in sorted(names)}
        return {**snapshot(self.lab, host), "devices": devices}

    def wipe(self, host: str) -> None:
        """Make a host forget everything of ours, as if its system had been installed anew."""
        for name in self.lab.run(host, ["wg", "show", "interfaces"]).stdout.split():
            self.lab.run(host, ["ip", "link", "del", name])
        self.lab.run(host, ["sh", "-c", "rm -rf /etc/wireguard /etc/wgfleet /var/lib/wgfleet " + _UNITS])
        for line in self.lab.run(host, ["nft", "list", "tables"]).stdout.splitlines():
            if "wgfleet" in line:
                self.lab.run(host, ["nft", "delete", *line.split()])
        self.lab.run(host, ["sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"])


def demo_fleet(build: Callable[..., Lab], directory: Path) -> Fleet:
    """The demo's three sites, with nothing on them yet."""
    return Fleet(build(demo_topology()), Playbooks(directory), DEMO_SITES, demo_networks())


def star_fleet(
    build: Callable[..., Lab], directory: Path, *sites: str, nat: Iterable[str] = (), **options: Any
) -> Fleet:
    """A star's sites, with a LAN each that is an address of the loopback: 10.0.N.1."""
    lab = build(star(*sites, nat=nat))
    for number, site in enumerate(sites, 1):
        lab.run(site, ["ip", "address", "add", f"10.0.{number}.1/24", "dev", "lo"])
    return Fleet(lab, Playbooks(directory), sites, star_network(*sites, nat=nat, **options))


def with_networks(fleet: Fleet, networks: Declaration) -> Fleet:
    """The same fleet under another declaration."""
    return replace(fleet, networks=copy.deepcopy(networks))


def snapshot(lab: Lab, host: str) -> Any:
    """All network state of a host but for what the kernel chooses anew for each device: numbers, link-local addresses.

    A link that has just been joined is not ready yet, and takes its time to say so.
    """
    return _chosen_by_people(lab.snapshot(host))


def _chosen_by_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _chosen_by_people(item) for key, item in value.items() if key not in _CHOSEN_BY_KERNEL}
    if isinstance(value, list):
        items = [_chosen_by_people(item) for item in value if not _is_link_local(item)]
        return sorted(items, key=as_json)
    return value


def _is_link_local(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return any(str(item.get(key, "")).startswith(("fe80:", "ff00:", "multicast")) for key in ("local", "dst", "type"))


def showconf(lab: Lab, host: str, name: str = "wg0") -> dict[str, Any]:
    """What ``wg showconf`` says of a device, without secrets and without what roams."""
    shown: dict[str, Any] = {"interface": {}, "peers": {}}
    section: dict[str, Any] = {}
    for line in lab.run(host, ["wg", "showconf", name]).stdout.splitlines():
        key, _separator, value = line.partition(" = ")
        if line.startswith("["):
            section = shown["interface"] if line == "[Interface]" else {}
        elif key == "PublicKey":
            shown["peers"][value] = section
        elif key == "AllowedIPs":
            section[key] = sorted(value.split(", "))
        elif key and key not in ("PrivateKey", "PresharedKey", "Endpoint"):
            section[key] = value
    return shown


def peers(lab: Lab, host: str, name: str = "wg0") -> set[str]:
    """The public keys of a device's peers."""
    return set(lab.run(host, ["wg", "show", name, "peers"]).stdout.split())


def ours(lab: Lab, host: str) -> list[str]:
    """The files of this collection on a host, but for those that this machine has itself and every host sees."""
    found = lab.run(host, ["find", *_PLACES, "!", "-type", "d", "-path", "*w*g*"], check=False).stdout.split()
    named = [path for path in found if "/wg" in path or "-wg" in path or "/etc/wireguard/" in path]
    return sorted(path for path in named if not os.path.lexists(path))


def files(lab: Lab, host: str) -> list[str]:
    """Every file of a host that a run could write, with mode, size and time, and the processes of WireGuard."""
    listed = lab.run(host, _FILES, check=False).stdout.splitlines()
    return sorted(line for line in listed if not line.startswith(("/run/netns/", "/run/wgfleet/")))


def answers(lab: Lab, host: str, address: str, seconds: int = 12) -> bool:
    """Tell whether an address answers to pings in time: a handshake that met nobody is tried again after 5 s."""
    done = lab.run(host, ["ping", "-n", "-i", "0.2", "-c", "1", "-w", str(seconds), address], check=False)
    return done.returncode == 0


def silent(lab: Lab, paths: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ping along all paths ``(host, address)`` at once and give those that carry nothing.

    The end of a link whose other end was made anew notices only 15 s after it has sent something (whitepaper, 6).
    """
    argv = ["ping", "-n", "-i", "0.2", "-c", "1", "-w", "40"]
    started = [(path, lab.start(path[0], [*argv, path[1]], stdout=subprocess.DEVNULL)) for path in paths]
    return [path for path, process in started if process.wait() != 0]


def entries(run: PlaybookRun, host: str | None = None) -> list[dict[str, Any]]:
    """What the tasks said on a host, each turn of a loop for itself."""
    return [entry for result in run.of("", host) for entry in result.get("results", [result])]


def writes(run: PlaybookRun, host: str | None = None) -> int:
    """Number of write calls on a host, or on all."""
    return sum(entry.get("writes", 0) for entry in entries(run, host))


def module_calls(run: PlaybookRun, host: str) -> int:
    """Number of modules that ran on a host, each turn of a loop for itself."""
    results = [entry for entry in run.results if entry.host == host and entry.action.endswith(MODULES)]
    return sum(len(entry.result.get("results", [entry])) for entry in results if entry.status != "skipped")


def steps(run: PlaybookRun, host: str) -> list[dict[str, Any]]:
    """Every step that was done on a host, or announced for it."""
    return [step for entry in entries(run, host) for step in entry.get("steps", [])]


def live_steps(run: PlaybookRun, host: str) -> list[str]:
    """The names of the steps on a host that concern neither its files nor what it lets through."""
    aside = ("write_file", "remove_file", "add_opening", "remove_opening")
    return [step["do"] for step in steps(run, host) if step["do"] not in aside]


def wg(*words: str, text: str = "") -> str:
    """Run wg(8) on this machine: ``genkey``, ``genpsk`` or ``pubkey``."""
    return subprocess.run(["wg", *words], input=text, check=True, capture_output=True, text=True).stdout.strip()


def key_pair() -> tuple[str, str]:
    """A private key and its public half."""
    private = wg("genkey")
    return private, wg("pubkey", text=private)


def dumped(lab: Lab, host: str, name: str = "wg0") -> dict[str, dict[str, Any]]:
    """Peers by public key as ``wg show dump`` has them: endpoint in use, prefixes, handshake, keepalive."""
    lines = lab.run(host, ["wg", "show", name, "dump"]).stdout.splitlines()[1:]
    names = ("preshared_key", "endpoint", "allowed_ips", "handshake", "rx", "tx", "keepalive")
    return {key: dict(zip(names, rest, strict=True)) for key, *rest in (line.split("\t") for line in lines)}


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until something is true and give it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "this did not come true in time"
        time.sleep(0.05)
    return value


def as_json(value: Any) -> str:
    """A value as a text in which anything can be searched."""
    return json.dumps(value, default=str)
