# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, shown: a lab of three sites, one declaration, the production playbooks, and packets that cross.

office1 and branch are Linux hosts. office2 is a simulated MikroTik router with the default firewall: what its API was
told is realised in its namespace, so that a ping crosses it only if it was configured rightly.

Every line that this prints was measured in the run; what is not as it should be ends the demo with a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    CHECKOUT,
    Lab,
    PlaybookRun,
    Playbooks,
    call_lab,
    demo_topology,
    why_no_lab,
)
from ansible_collections.wgfleet.wireguard.tests.lab.networks import steps, writes
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import command_line

WORKSTATIONS = {
    "office1-pc": ("10.1.202.10", "fd00:202::10"),
    "office2-pc": ("10.1.101.10", "fd00:101::10"),
    "branch-pc": ("192.168.88.10", "fd00:88::10"),
}
NEW_PREFIX = "10.1.102.0/24"
NEW_ADDRESS = "10.1.102.1"
# What office2 was before anyone thought of WireGuard. The second prefix of its LAN is declared only later.
ROUTER = {
    "/ip/address": [
        {"interface": "ether1", "address": "192.168.80.1/24"},
        {"interface": "bridge", "address": f"{NEW_ADDRESS}/24"},
    ],
    "/ipv6/address": [{"interface": "bridge", "address": "fd00:101::1/64"}],
    "/ip/route": [{"gateway": "192.168.80.254"}],
}
ROUTER_VARIABLES = {
    "ansible_network_os": "wgfleet.wireguard.routeros",
    "site_to_site_routeros": {"hostname": "127.0.0.1", "username": "admin", "password": "", "tls": False},
}
WORK = CHECKOUT / ".ansible/demo"
INVENTORY = WORK / "inventory/hosts.yml"


class DemoFailed(Exception):
    """Something was not as it should be."""


def main() -> int:
    """Show everything, and tell by the exit code whether all of it was as it should be."""
    parser = argparse.ArgumentParser(prog="./dev demo", description="Build tunnels in a lab and send packets.")
    parser.add_argument("--keep", action="store_true", help="leave the lab up, to look around")
    keep = parser.parse_args().keep
    if reason := why_no_lab():
        print(f"demo: {reason}", file=sys.stderr)
        return 2
    lab = Lab(os.environ.get("WGFLEET_LAB", "demo"), demo_topology())
    try:
        show(lab, teardown=not keep)
    except (DemoFailed, AssertionError) as failure:
        print(f"\nFAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        if not keep:
            call_lab("down", {"name": lab.name})
    print_way_around(lab) if keep else print("\nAll of this was measured in this run. The lab is gone.")
    return 0


def show(lab: Lab, teardown: bool) -> None:
    """Run the chapters in their order."""
    call_lab("down", {"name": lab.name})
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(CHECKOUT / "playbooks/demo_inventory", INVENTORY.parent)
    (INVENTORY.parent / "host_vars").mkdir()
    (INVENTORY.parent / "host_vars/office2.json").write_text(json.dumps(ROUTER_VARIABLES), encoding="utf-8")
    playbooks = Playbooks(WORK)
    with chapter("Three sites join an internet: office1 and branch on Linux, office2 a router with RouterOS"):
        build_lab(lab)
    with chapter("One playbook builds the tunnels between them"):
        report(playbooks.run("wgfleet.wireguard.site_to_site", INVENTORY))
    with chapter("The links"):
        show_links(playbooks.run("wgfleet.wireguard.status", INVENTORY))
    with chapter("Every workstation reaches every other, over IPv4 and IPv6"):
        show_pings(lab)
    with chapter("The same playbook again: nothing is written"):
        expect_no_change(report(playbooks.run("wgfleet.wireguard.site_to_site", INVENTORY)))
    with chapter(f"office2 gets one more prefix, {NEW_PREFIX}, while packets flow at 100 a second"):
        show_change(lab, playbooks)
    if teardown:
        with chapter("Teardown: the hosts are as they were"):
            show_teardown(lab, playbooks)


def build_lab(lab: Lab) -> None:
    """Build the lab and switch its router on, which ends with the lab."""
    built = call_lab("up", {"name": lab.name, **lab.topology})
    if built.returncode:
        raise DemoFailed(f"the lab cannot be built: {built.stderr}")
    seed = WORK / "router.json"
    seed.write_text(json.dumps(ROUTER), encoding="utf-8")
    flags = [
        "--defconf",
        "--lan",
        "10.1.101.1/24",
        "--port",
        "8728",
        "--dataplane",
        "--port-map",
        "ether1=wan,bridge=lan",
        "--seed",
        str(seed),
    ]
    router = lab.start(
        "office2", command_line(*flags), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    )
    if router.stdout is None or not router.stdout.readline():
        raise DemoFailed("the simulated router does not start")
    print(f"   {len(lab.topology['hosts'])} hosts are up")


@contextmanager
def chapter(title: str) -> Iterator[None]:
    """Print a heading, and how long the chapter took."""
    print(f"\n== {title}", flush=True)
    start = time.monotonic()
    yield
    print(f"   ({time.monotonic() - start:.1f} s)", flush=True)


def report(run: PlaybookRun) -> PlaybookRun:
    """Print what Ansible's recap says, and the write calls of each host."""
    for host, recap in sorted(run.recap.items()):
        print(f"   {host:<10} ok={recap['ok']:<3} changed={recap['changed']:<3} writes={writes(run, host)}")
    return run


def show_pings(lab: Lab) -> None:
    """Ping from each workstation to each other one."""
    lost = []
    for version in (0, 1):
        print("   " + " " * 12 + "".join(f"{name:<14}" for name in WORKSTATIONS) + ("IPv4", "IPv6")[version])
        for source in WORKSTATIONS:
            cells = []
            for target, addresses in WORKSTATIONS.items():
                pings = lab.ping(source, addresses[version], count=3) if source != target else None
                cells.append("-" if pings is None else f"{pings.received}/{pings.sent}")
                if pings is not None and pings.lost:
                    lost.append(f"{source} to {target}")
            print(f"   {source:<12}" + "".join(f"{cell:<14}" for cell in cells))
    if lost:
        raise DemoFailed("no answer from " + ", ".join(lost))


def show_links(run: PlaybookRun) -> None:
    """Print the table of the status playbook."""
    for result in run.of("Show the links"):
        for line in result["msg"]:
            print("   " + line)


def expect_no_change(run: PlaybookRun) -> None:
    """Refuse a run that changed or wrote anything."""
    if run.changed() or any(writes(run, host) for host in run.recap):
        raise DemoFailed("the second run was to change nothing")


def show_change(lab: Lab, playbooks: Playbooks) -> None:
    """Add a prefix at one site under a continuous ping, and show each step that it took."""
    declaration = INVENTORY.parent / "group_vars/all/wireguard.yml"
    content = yaml.safe_load(declaration.read_text(encoding="utf-8"))
    content["wireguard_networks"]["corp"]["members"]["office2"]["routes"].append(NEW_PREFIX)
    declaration.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    to_office2 = lab.pinging("office1-pc", WORKSTATIONS["office2-pc"][0])
    to_office1 = lab.pinging("branch-pc", WORKSTATIONS["office1-pc"][0])
    with to_office2 as first, to_office1 as second:
        run = report(playbooks.run("wgfleet.wireguard.site_to_site", INVENTORY))
    for host in sorted(run.recap):
        for step in steps(run, host):
            print(f"   {host:<10} {spelled(step)}")
    live = [step for host in run.recap for step in steps(run, host) if "path" not in step]
    if not live or any(NEW_PREFIX not in json.dumps(step) for step in live):
        raise DemoFailed(f"more was written than the one prefix: {live}")
    for name, pings in (("office1-pc to office2-pc", first), ("branch-pc to office1-pc", second)):
        print(f"   meanwhile {name}: {pings.sent} sent, {len(pings.lost)} lost")
        if pings.lost:
            raise DemoFailed(f"{name} lost packets: {pings.lost}")
    new = lab.ping("branch-pc", NEW_ADDRESS, count=3)
    print(f"   branch-pc to the new {NEW_ADDRESS}: {new.received}/{new.sent}")
    if new.lost:
        raise DemoFailed("the new prefix is not reached")


def spelled(step: dict[str, Any]) -> str:
    """Give a step in one line."""
    values = (
        value["destination"] if name == "route" else value for name, value in step.items() if name != "public_key"
    )
    return " ".join(", ".join(value) if isinstance(value, list) else str(value) for value in values)


def show_teardown(lab: Lab, playbooks: Playbooks) -> None:
    """Take everything off and look whether it is gone."""
    report(playbooks.run("wgfleet.wireguard.teardown", INVENTORY))
    for host in ("office1", "office2", "branch"):
        left = lab.run(host, ["wg", "show", "interfaces"]).stdout.split()
        # A router forwards by nature.
        forwards = host != "office2" and lab.run(host, ["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout.strip() == "1"
        print(f"   {host:<10} interfaces: {' '.join(left) or 'none'}{', still forwards' if forwards else ''}")
        if left or forwards:
            raise DemoFailed(f"{host} is not as it was")


def print_way_around(lab: Lab) -> None:
    """Say how to look around in a lab that was kept."""
    enter = f"{CHECKOUT / 'roles/lab/files/lab.py'} enter"
    inventory = INVENTORY.relative_to(Path.cwd()) if INVENTORY.is_relative_to(Path.cwd()) else INVENTORY
    print(f"""
The lab is up. Look around:
   python3 {enter} {lab.netns("office1")} wg show
   python3 {enter} {lab.netns("office1-pc")} ping {WORKSTATIONS["branch-pc"][0]}
   ./dev shell, then: ansible-playbook -i {inventory} wgfleet.wireguard.status
Edit {inventory.parent}/group_vars/all/wireguard.yml and run wgfleet.wireguard.site_to_site to change the network.
Remove it all with ./dev demo, which starts anew.""")


if __name__ == "__main__":
    sys.exit(main())
