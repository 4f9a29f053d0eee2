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
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.internet import quick_down, quick_up, seen_as, telling_addresses
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    CHECKOUT,
    Lab,
    PlaybookRun,
    Playbooks,
    call_lab,
    demo_topology,
    why_no_lab,
)
from ansible_collections.wgfleet.wireguard.tests.lab.networks import WORKSTATIONS, entries, module_calls, writes
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import command_line
from ansible_collections.wgfleet.wireguard.tests.tools.pictures import STOPS

CLIENT = "alice-phone"
WEB = ("203.0.113.80", "2001:db8:113::80")
GATEWAY = ("192.168.90.1", "2001:db8:90::1")
# Declared in the third part only.
GATEWAY_AND_CLIENT = ("gateways", "clients")
PATIENCE = 5  # seconds for an answer: this machine may be busy
NEW_PREFIX = "10.1.102.0/24"
NEW_ADDRESS = "10.1.102.1"
# What office2 was before anyone thought of WireGuard. The second prefix of its LAN is declared only later.
ROUTER = {
    "/ip/address": [
        {"interface": "ether1", "address": "192.168.80.1/24"},
        {"interface": "bridge", "address": f"{NEW_ADDRESS}/24"},
    ],
    "/ipv6/address": [
        {"interface": "ether1", "address": "2001:db8:80::1/64"},
        {"interface": "bridge", "address": "fd00:101::1/64"},
    ],
    "/ip/route": [{"gateway": "192.168.80.254"}],
    "/ipv6/route": [{"gateway": "2001:db8:80::254"}],
}
MOST_CALLS = 2  # module calls per host and run
ROW_ID = re.compile(r"\*[0-9A-F]+")
ROUTER_VARIABLES = {
    "ansible_network_os": "wgfleet.wireguard.routeros",
    "wireguard_routeros": {"hostname": "127.0.0.1", "username": "admin", "password": "", "tls": False},
}
# Each demo has a lab of its own; the one that is kept is the checkout's.
LABS = f"demo-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:6]}"
WORK = CHECKOUT / ".ansible/demo"
START_SECONDS = 60.0  # on a busy machine
KEPT = "kept"  # what belongs to the lab that is kept, by a name that a page can tell people to type


class DemoFailed(Exception):
    """Something was not as it should be."""


class Demo(NamedTuple):
    """The lab, and the place on the controller from which it is served."""

    lab: Lab
    playbooks: Playbooks
    inventory: Path

    def run(self, name: str, **variables: str) -> PlaybookRun:
        """Run a playbook of the collection."""
        return self.playbooks.run(f"wgfleet.wireguard.{name}", self.inventory, variables)


def main() -> int:
    """Show everything, and tell by the exit code whether all of it was as it should be."""
    parser = argparse.ArgumentParser(prog="./dev demo", description="Build tunnels in a lab and send packets.")
    parser.add_argument("--keep", action="store_true", help="leave the lab up, to look around")
    parser.add_argument("--down", action="store_true", help="remove the lab that was kept, and nothing else")
    options = parser.parse_args()
    if reason := why_no_lab():
        print(f"demo: {reason}", file=sys.stderr)
        return 2
    if options.down:
        print("The lab is gone." if remove(os.environ.get("WGFLEET_LAB", LABS)) else "No lab was kept.")
        return 0
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit("demo: ended from outside"))
    name = LABS if options.keep else f"{LABS}-{os.getpid()}"
    demo = prepared(os.environ.get("WGFLEET_LAB", name))
    if options.keep:
        keep(demo.lab)
    code = 1
    try:
        show(demo, teardown=not options.keep)
        code = 0
    except (DemoFailed, AssertionError) as failure:
        print(f"\nFAILED: {failure}", file=sys.stderr)
    finally:
        if not options.keep:
            remove(demo.lab.name)
    if options.keep:
        print_way_around(demo)
    else:
        print(LAST_WORDS[code])
    return code


LAST_WORDS = (
    "\nAll of this was measured in this run. The lab is gone.",
    "\nThe lab is gone. ./dev demo --keep leaves it up, also after a failure, to look around.",
)


def remove(name: str) -> bool:
    """Remove a lab and what belongs to it; false if there is none."""
    done = call_lab("down", {"name": name})
    if done.returncode:
        raise DemoFailed(f"the lab {name} cannot be removed: {done.stderr}")
    shutil.rmtree(WORK / name, ignore_errors=True)
    if not (WORK / KEPT).exists():
        (WORK / KEPT).unlink(missing_ok=True)  # it led to this lab
    return bool(json.loads(done.stdout)["changed"])


def prepared(name: str) -> Demo:
    """Give a lab that is not up yet, and an inventory of its own for it, which people may change."""
    remove(name)
    inventory = WORK / name / "inventory"
    shutil.copytree(CHECKOUT / "playbooks/demo_inventory", inventory)
    variables = {
        "group_vars/all/lab.json": {"ansible_netns": name + "-{{ inventory_hostname }}"},
        "host_vars/office2.json": ROUTER_VARIABLES,
    }
    for path, content in variables.items():
        (inventory / path).parent.mkdir(exist_ok=True)
        (inventory / path).write_text(json.dumps(content), encoding="utf-8")
    return Demo(Lab(name, demo_topology()), Playbooks(WORK / name), inventory / "hosts.yml")


def keep(lab: Lab) -> None:
    """Let the lab be found by those who read how to look around."""
    (WORK / KEPT).unlink(missing_ok=True)
    (WORK / KEPT).symlink_to(lab.name)


def show(demo: Demo, teardown: bool) -> None:
    """Run the chapters in their order."""
    with declaration(demo) as corp:
        third_part = {key: corp.pop(key) for key in GATEWAY_AND_CLIENT}
    with chapter("Three sites join an internet: office1 and branch on Linux, office2 a router with RouterOS"):
        build_lab(demo.lab)
    with chapter("One playbook builds the tunnels between them"):
        report(demo.run("site_to_site"))
    with chapter("The links"):
        show_links(demo.run("status"))
    with chapter("Every workstation reaches every other, over IPv4 and IPv6"):
        show_pings(demo.lab)
    with chapter("The same playbook again: nothing is written"):
        expect_no_change(report(demo.run("site_to_site")))
    with chapter(f"office2 gets one more prefix, {NEW_PREFIX}, while packets flow at 100 a second"):
        show_change(demo)
    with chapter("office1 becomes a gateway, and alice's phone, which Ansible does not manage, its client"):
        with declaration(demo) as corp:
            corp.update(third_part)
        file = show_client(demo)
    with chapter("With that file it reaches the internet by the address of office1, and the sites"):
        show_phone(demo.lab, file)
        expect_pictured_rules(demo.lab)
    if teardown:
        with chapter("Teardown: the hosts are as they were"):
            show_teardown(demo)


@contextmanager
def declaration(demo: Demo) -> Iterator[dict[str, Any]]:
    """Give what is declared of the network, to be edited as people do, and write it back."""
    file = demo.inventory.parent / "group_vars/all/wireguard.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    yield content["wireguard_networks"]["corp"]
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def build_lab(lab: Lab) -> subprocess.Popen[str]:
    """Build the lab and switch its router on, which ends with the lab; give the router."""
    built = call_lab("up", {"name": lab.name, **lab.topology})
    if built.returncode:
        raise DemoFailed(f"the lab cannot be built: {built.stderr}")
    seed = WORK / lab.name / "router.json"
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
    # It may outlive us: a pipe of our caller's that it held would never end.
    with router_log(lab.name).open("w", encoding="utf-8") as log:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
        router = lab.start("office2", command_line(*flags), **streams, start_new_session=True)
    expect_start(router, router_log(lab.name))
    print(f"   {len(lab.topology['hosts'])} hosts are up")
    return router


def router_log(name: str) -> Path:
    """Give the file with what the router of a lab has printed."""
    return WORK / name / "office2.log"


def expect_start(router: subprocess.Popen[str], log: Path) -> None:
    """Wait for the first line that the router prints."""
    deadline = time.monotonic() + START_SECONDS
    while not (text := log.read_text(encoding="utf-8")).endswith("\n") or router.poll() is not None:
        if router.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed(f"the simulated router does not start: {text.strip() or 'it says nothing'}")
        time.sleep(0.05)


@contextmanager
def chapter(title: str) -> Iterator[None]:
    """Print a heading, and how long the chapter took."""
    print(f"\n== {title}", flush=True)
    start = time.monotonic()
    yield
    print(f"   ({time.monotonic() - start:.1f} s)", flush=True)


def report(run: PlaybookRun) -> PlaybookRun:
    """Print what Ansible's recap says, the module calls and the write calls of each host."""
    for host, recap in sorted(run.recap.items()):
        calls = module_calls(run, host)
        print(f"   {host:<10} calls={calls} changed={recap['changed']} writes={writes(run, host)}")
        if calls > MOST_CALLS:
            raise DemoFailed(f"{host} was called {calls} times")
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


def show_change(demo: Demo) -> None:
    """Add a prefix at one site under a continuous ping, and show each step that it took."""
    lab = demo.lab
    with declaration(demo) as corp:
        corp["members"]["office2"]["routes"].append(NEW_PREFIX)
    to_office2 = lab.pinging("office1-pc", WORKSTATIONS["office2-pc"][0])
    to_office1 = lab.pinging("branch-pc", WORKSTATIONS["office1-pc"][0])
    with to_office2 as first, to_office1 as second:
        run = report(demo.run("site_to_site"))
    for host in sorted(run.recap):
        done = written(run, host)
        openings = sum(step["do"] == "add_opening" for step in done)
        lines = [spelled(step) for step in done if step["do"] != "add_opening"]
        for line in lines + [f"add_opening, {openings} of them"] * (openings > 0):
            print(f"   {host:<10} {line}")
    live = [step for host in run.recap for step in written(run, host) if "path" not in step]
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


def show_client(demo: Demo) -> Path:
    """Print what became of the client, and what its camera scans; give its file."""
    run = demo.run("roadwarrior", wireguard_show_client=CLIENT)
    report(run)
    (clients,), (shown,) = run.of("Show the clients"), run.of("Show the QR code")
    (drawn,) = shown["results"]
    for line in (*drawn["msg"], *clients["msg"]):
        print("   " + line)
    return Path(drawn["wireguard_file"])


def show_phone(lab: Lab, file: Path) -> None:
    """Let the phone use the file and nothing else, and see by which address the internet sees it."""
    with telling_addresses(lab, "web"):
        before = [seen_as(lab, "phone", address) for address in WEB]
        quick_up(lab, "phone", file)
        after = [seen_as(lab, "phone", address) for address in WEB]
        print(f"   {'the internet sees it as':<28}{', '.join(before)}")
        print(f"   {'and through the tunnel as':<28}{', '.join(after)}")
        lost = []
        for name, addresses in WORKSTATIONS.items():
            pings = [lab.ping("phone", address, count=3, wait=PATIENCE) for address in addresses]
            print(f"   {'it pings ' + name:<28}" + ", ".join(f"{each.received}/{each.sent}" for each in pings))
            lost += [f"{each.received} of {each.sent} answers of {name}" for each in pings if each.lost]
        quick_down(lab, "phone", file)
    if after != list(GATEWAY) or before == after:
        raise DemoFailed(f"the phone is seen as {before} before and as {after} behind {list(GATEWAY)}")
    if lost:
        raise DemoFailed("the phone has only " + ", ".join(lost))


def expect_pictured_rules(lab: Lab) -> None:
    """Refuse a gateway on which the picture of a packet's way shows a rule that is not there."""
    found = lab.run("office1", ["nft", "list", "table", "inet", "wgfleet_gateway_wg0"]).stdout
    missing = [rule for stop in STOPS for rule in stop.rules if rule not in found]
    if missing:
        raise DemoFailed(f"docs/docsite/images/packet.svg shows rules that office1 does not have: {missing}")


def written(run: PlaybookRun, host: str) -> list[dict[str, Any]]:
    """Every step that was done on a host. A gateway is looked at before, which announces the same steps."""
    return [step for entry in entries(run, host) if entry.get("writes") for step in entry["steps"]]


def spelled(step: dict[str, Any]) -> str:
    """Give a step in one line, without what only machines go by: keys, and the ids of a router's rows."""
    values = (
        value["destination"] if name == "route" else value for name, value in step.items() if name != "public_key"
    )
    texts = (", ".join(value) if isinstance(value, list) else str(value) for value in values)
    return " ".join(text for text in texts if not ROW_ID.fullmatch(text))


def show_teardown(demo: Demo) -> None:
    """Take everything off and look whether it is gone."""
    lab = demo.lab
    report(demo.run("teardown"))
    for host in ("office1", "office2", "branch"):
        left = lab.run(host, ["wg", "show", "interfaces"]).stdout.split()
        # A router forwards by nature.
        forwards = host != "office2" and lab.run(host, ["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout.strip() == "1"
        print(f"   {host:<10} interfaces: {' '.join(left) or 'none'}{', still forwards' if forwards else ''}")
        if left or forwards:
            raise DemoFailed(f"{host} is not as it was")


def from_here(path: Path) -> Path:
    """Give a path as short as it can be typed."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def print_way_around(demo: Demo) -> None:
    """Say how to look around in a lab that was kept."""
    lab, inventory = demo.lab, from_here(WORK / KEPT / "inventory" / demo.inventory.name)
    log = from_here(router_log(KEPT))
    enter = f"{CHECKOUT / 'roles/lab/files/lab.py'} enter"
    print(f"""
The lab is up. Look around:
   python3 {enter} {lab.netns("office1")} wg show
   python3 {enter} {lab.netns("office1-pc")} ping {WORKSTATIONS["branch-pc"][0]}
   cat {log}   # what the router office2 prints
   ./dev shell, then: ansible-playbook -i {inventory} wgfleet.wireguard.status
Edit {inventory.parent}/group_vars/all/wireguard.yml and run wgfleet.wireguard.site_to_site to change the network.
Remove it all with ./dev demo --down.""")


if __name__ == "__main__":
    sys.exit(main())
