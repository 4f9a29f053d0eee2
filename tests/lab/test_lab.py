# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: is it what its topology declares, are its hosts hosts, and does nothing of it remain."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import (
    CHECKOUT,
    LAB_PROGRAM,
    Lab,
    Playbooks,
    Topology,
    call_lab,
    demo_topology,
    lab_name,
)

PAIR: Topology = {
    "hosts": {"left": {}, "right": {}},
    "links": [
        {
            "a": "left",
            "a_interface": "wan",
            "a_addresses": ["192.0.2.1/24", "2001:db8::1/64"],
            "b": "right",
            "b_interface": "wan",
            "b_addresses": ["192.0.2.2/24", "2001:db8::2/64"],
        }
    ],
}
WORKSTATIONS = {"office1-pc": "10.1.202.10", "office2-pc": "10.1.101.10", "branch-pc": "192.168.88.10"}


@pytest.fixture(scope="module")
def demo(module_lab: Callable[..., Lab]) -> Lab:
    return module_lab()


def remains_of(name: str) -> list[str]:
    """Everything on this machine that tells of a lab."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    places = [*Path("/run/netns").glob(f"{name}*"), *Path("/run/wgfleet").glob(f"{name}*")]
    return [line for line in mounts if name in line] + [str(place) for place in places]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("office1", "192.168.80.1"),
        ("office2", "192.168.90.1"),
        ("office1", "2001:db8:80::1"),
        ("office1-pc", "10.1.202.1"),
        ("branch-pc", "fd00:88::1"),
    ],
)
def test_declared_paths_carry_packets(demo: Lab, source: str, address: str) -> None:
    assert demo.ping(source, address).received == 2


@pytest.mark.parametrize("source", WORKSTATIONS)
def test_workstations_do_not_reach_each_other_without_a_tunnel(demo: Lab, source: str) -> None:
    others = [address for name, address in WORKSTATIONS.items() if name != source]
    assert [demo.ping(source, address, count=1).received for address in others] == [0, 0]


def test_host_behind_nat_dials_out(demo: Lab) -> None:
    assert demo.ping("branch", "192.168.90.1").received == 2


def test_host_behind_nat_is_not_dialled_even_by_who_knows_the_way(lab: Callable[..., Lab]) -> None:
    topology = demo_topology()
    topology["hosts"]["internet"]["routes"] = {"10.99.0.0/24": "192.168.70.1"}
    built = lab(topology)
    assert built.ping("office1", "10.99.0.1", count=1).received == 0
    assert built.ping("office1", "192.168.70.1").received == 2


def test_only_declared_hosts_forward(demo: Lab) -> None:
    states = {host: set(demo.snapshot(host)["sysctl"].values()) for host in demo.topology["hosts"]}
    forwarding = {host for host, values in states.items() if values == {"1"}}
    assert forwarding == {"internet", "branch-nat"}
    assert all(values == {"0"} for host, values in states.items() if host not in forwarding)


def test_workstation_knows_its_router_only(demo: Lab) -> None:
    routes = json.loads(demo.run("office1-pc", ["ip", "-j", "route"]).stdout)
    assert [route.get("gateway") for route in routes if route["dst"] == "default"] == ["10.1.202.1"]
    assert {route["dst"] for route in routes} == {"default", "10.1.202.0/24"}


@pytest.mark.parametrize(
    "path", ["/etc/wgfleet-proof", "/run/wgfleet-proof", "/var/lib/wgfleet-proof", "/tmp/wgfleet-proof"]
)
def test_host_has_files_of_its_own(demo: Lab, path: str) -> None:
    demo.run("office1", ["tee", path], input="mine")
    assert demo.run("office1", ["cat", path]).stdout == "mine"
    assert demo.run("office2", ["cat", path], check=False).returncode != 0
    assert not Path(path).exists()


def test_host_sees_the_checkout_and_its_own_devices(demo: Lab) -> None:
    assert demo.run("office1", ["test", "-e", __file__], check=False).returncode == 0
    assert demo.run("office1", ["ls", "/sys/class/net"]).stdout.split() == ["lan", "lo", "wan"]
    assert demo.run("office1", ["cat", "/etc/hostname"]).stdout.strip() == demo.netns("office1")


def test_host_sees_no_mount_of_the_machine_or_of_other_hosts(demo: Lab) -> None:
    mounts = demo.run("office2", ["cat", "/proc/self/mountinfo"]).stdout
    assert "nsfs" not in mounts
    assert mounts.split()[4] == "/"


def test_two_labs_of_one_topology_do_not_clash(lab: Callable[..., Lab]) -> None:
    first, second = lab(PAIR), lab(PAIR)
    assert first.ping("left", "192.0.2.2").received == 2
    call_lab("down", {"name": first.name})
    assert second.ping("left", "2001:db8::2").received == 2


def test_identical_lab_is_left_alone(lab: Callable[..., Lab]) -> None:
    built = lab(PAIR)
    again = call_lab("up", {"name": built.name, **PAIR})
    assert json.loads(again.stdout) == {"changed": False}


def test_different_lab_of_the_same_name_is_refused(lab: Callable[..., Lab]) -> None:
    built = lab(PAIR)
    refused = call_lab("up", {"name": built.name, **demo_topology()})
    assert refused.returncode == 1
    assert "Take it down first" in refused.stderr
    assert built.ping("left", "192.0.2.2").received == 2


def test_removal_leaves_nothing(lab: Callable[..., Lab]) -> None:
    built = lab(PAIR)
    sleeper = built.start("left", ["sleep", "1000"])
    built.run("left", ["ip", "netns", "add", "inner"])
    nested = built.start("left", ["ip", "netns", "exec", "inner", "sleep", "1000"])
    time.sleep(0.2)
    assert remains_of(built.name)
    assert json.loads(call_lab("down", {"name": built.name}).stdout) == {"changed": True}
    assert remains_of(built.name) == []
    assert (sleeper.wait(1), nested.wait(1)) == (-9, -9)
    assert json.loads(call_lab("down", {"name": built.name}).stdout) == {"changed": False}


def test_failed_build_leaves_nothing() -> None:
    name = lab_name()
    declaration = {"name": name, **PAIR, "hosts": {"left": {"routes": {"10.0.0.0/8": "203.0.113.1"}}, "right": {}}}
    failed = call_lab("up", declaration)
    assert failed.returncode == 1
    assert f"{name}-left" in failed.stderr
    assert remains_of(name) == []


@pytest.mark.parametrize("seconds", [0.06, 0.12, 0.18, 0.24])
def test_killed_build_is_built_anew_and_removed(seconds: float) -> None:
    declaration = {"name": (name := lab_name()), **demo_topology()}
    killed = subprocess.Popen([sys.executable, str(LAB_PROGRAM), "up"], stdin=subprocess.PIPE, text=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        killed.communicate(json.dumps(declaration), timeout=seconds)
    killed.kill()
    killed.wait()
    try:
        built_anew = call_lab("up", declaration)
        assert built_anew.returncode == 0, built_anew.stderr
        assert Lab(name, declaration).ping("branch", "192.168.90.1").received == 2
    finally:
        assert call_lab("down", declaration).returncode == 0
    assert remains_of(name) == []


def test_lab_that_lost_a_host_is_built_anew(lab: Callable[..., Lab]) -> None:
    built = lab(PAIR)
    subprocess.run(["umount", f"/run/wgfleet/{built.netns('left')}/mnt"], check=True)
    assert json.loads(call_lab("up", {"name": built.name, **PAIR}).stdout) == {"changed": True}
    assert built.ping("left", "192.0.2.2").received == 2


ROUND = f"""
set -e
lab() {{ {sys.executable} {LAB_PROGRAM} "$@"; }}
lab up </topology.json
lab enter tinner-left ping -c 1 -W 1 192.0.2.2
lab enter tinner-left sh -c 'echo mine >/etc/proof'
test ! -e /etc/proof
lab down </topology.json
! grep tinner /proc/self/mountinfo
"""
CHROOT = f"""
set -e
mkdir -p /new/etc /new/var /new/proc /new/sys /new/dev /new/run
cp /etc/passwd /etc/ld.so.cache /new/etc/
for link in bin sbin lib lib64; do ln -s usr/$link /new/$link; done
for directory in /dev /proc /sys /usr {CHECKOUT} {sys.base_prefix}; do
    mkdir -p /new$directory
    mountpoint -q /new$directory || mount --rbind $directory /new$directory
done
cp /topology.json /new/
exec chroot /new sh
"""


@pytest.mark.parametrize("way", ["exec sh", CHROOT], ids=["overlay", "chroot"])
def test_lab_is_built_where_the_root_is_no_plain_filesystem(lab: Callable[..., Lab], way: str) -> None:
    outer = lab(PAIR)
    outer.run("left", ["tee", "/topology.json"], input=json.dumps({"name": "tinner", **PAIR}))
    outer.run("left", ["sh", "-c", way], input=ROUND)


@pytest.mark.parametrize("cpu", sorted(os.sched_getaffinity(0)))
def test_lab_is_built_in_a_mount_namespace_that_any_cpu_made(lab: Callable[..., Lab], cpu: int) -> None:
    outer = lab(PAIR)
    outer.run("left", ["tee", "/topology.json"], input=json.dumps({"name": "tinner", **PAIR}))
    cpus = ",".join(map(str, os.sched_getaffinity(0)))
    outer.run("left", ["taskset", "-c", str(cpu), "unshare", "-m", "taskset", "-c", cpus, "sh"], input=ROUND)


def test_wrong_topology_is_refused_with_all_problems() -> None:
    link = {
        "a": "left",
        "a_interface": "far-too-long-a-name",
        "b": "ghost",
        "b_interface": "x",
        "b_addresses": ["1.2.3"],
    }
    refused = call_lab("up", {"name": "twrong", "hosts": {"left": {"masquerade": "wan"}}, "links": [link]})
    assert refused.returncode == 1
    for problem in ("far-too-long-a-name", "'ghost'", "1.2.3", "no interface 'wan'"):
        assert problem in refused.stderr
    assert remains_of("twrong") == []


def test_foreign_namespace_of_that_name_is_not_touched() -> None:
    name = lab_name()
    subprocess.run(["ip", "netns", "add", f"{name}-left"], check=True)
    try:
        refused = call_lab("up", {"name": name, **PAIR})
        assert "not of this lab" in refused.stderr
        assert Path(f"/run/netns/{name}-left").exists()
    finally:
        subprocess.run(["ip", "netns", "delete", f"{name}-left"], check=True)


def test_tunnel_set_up_by_hand_carries_packets(lab: Callable[..., Lab]) -> None:
    built = lab(PAIR)
    keys = {host: built.run(host, ["wg", "genkey"]).stdout for host in ("left", "right")}
    public = {host: built.run(host, ["wg", "pubkey"], input=key).stdout.strip() for host, key in keys.items()}
    for number, (host, far) in enumerate([("left", "right"), ("right", "left")], start=1):
        built.run(host, ["wireguard-go", "wg0"])
        peer = [
            "peer",
            public[far],
            "endpoint",
            f"192.0.2.{3 - number}:51820",
            "allowed-ips",
            f"10.9.9.{3 - number}/32",
        ]
        _wait_for(lambda host=host: built.run(host, ["wg", "show", "wg0"], check=False).returncode == 0)
        built.run(
            host, ["wg", "set", "wg0", "listen-port", "51820", "private-key", "/dev/stdin", *peer], input=keys[host]
        )
        built.run(host, ["ip", "address", "add", f"10.9.9.{number}/24", "dev", "wg0"])
        built.run(host, ["ip", "link", "set", "wg0", "up"])
    with built.pinging("left", "10.9.9.2") as pings:
        time.sleep(1)
    assert (pings.lost, pings.sent > 50) == ([], True)
    assert built.run("left", ["ls", "/run/wireguard"]).stdout.split() == ["wg0.sock"]
    assert not Path("/run/wireguard/wg0.sock").exists()


def _wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.02)


def test_role_builds_and_removes_the_lab(playbooks: Playbooks) -> None:
    play = [{"hosts": "localhost", "gather_facts": False, "roles": ["wgfleet.wireguard.lab"]}]
    name = lab_name()
    try:
        runs = [playbooks.run(play, {}, {"lab_name": name}) for dummy in range(2)]
        assert [run.changed() for run in runs] == [1, 0]
        assert Path(f"/run/wgfleet/{name}-office1/mnt").exists()
    finally:
        removed = playbooks.run(play, {}, {"lab_name": name, "lab_state": "absent"})
    assert removed.changed() == 1
    assert remains_of(name) == []


@pytest.mark.parametrize("pipelining", ["true", "false"])
def test_connection_works_with_the_files_of_the_host(
    lab: Callable[..., Lab], playbooks: Playbooks, pipelining: str
) -> None:
    built = lab(PAIR)
    tasks = [
        {
            "name": "Write",
            "ansible.builtin.copy": {"content": "{{ inventory_hostname }}", "dest": "/etc/proof", "mode": "0644"},
        },
        {"name": "Read", "ansible.builtin.slurp": {"src": "/etc/proof"}},
        {"name": "Fetch", "ansible.builtin.fetch": {"src": "/etc/proof", "dest": str(playbooks.directory / "fetched")}},
        {
            "name": "Become",
            "ansible.builtin.raw": "id -un; cat /etc/proof",
            "become": True,
            "become_user": "nobody",
            "become_method": "ansible.builtin.su",
            "become_flags": "-s /bin/sh",
        },
    ]
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    run = playbooks.run(play, built.inventory(), environment={"ANSIBLE_PIPELINING": pipelining})
    for host in ("left", "right"):
        assert built.run(host, ["cat", "/etc/proof"]).stdout == host
        assert (playbooks.directory / "fetched" / host / "etc/proof").read_text(encoding="utf-8") == host
        assert run.of("Become", host)[0]["stdout_lines"] == ["nobody", host]
    assert not Path("/etc/proof").exists()


def test_connection_names_a_missing_namespace(playbooks: Playbooks) -> None:
    inventory = Lab("tnone", {"hosts": {"ghost": {}}}).inventory()
    run = playbooks.run(
        [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}], inventory, code=4
    )
    assert [result.status for result in run.results] == ["unreachable"]
    assert "no network namespace 'tnone-ghost'" in run.results[0].result["msg"]
    assert "ip netns add tnone-ghost" in run.results[0].result["msg"]


def test_connection_reaches_a_plain_namespace(playbooks: Playbooks) -> None:
    name = lab_name()
    subprocess.run(["ip", "netns", "add", f"{name}-host"], check=True)
    try:
        play = [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.command": "ls /sys/class/net"}]}]
        run = playbooks.run(play, Lab(name, {"hosts": {"host": {}}}).inventory())
        assert run.of("command", "host")[0]["stdout"] == "lo"
    finally:
        subprocess.run(["ip", "netns", "delete", f"{name}-host"], check=True)


def test_two_copies_of_the_demo_have_a_lab_each(playbooks: Playbooks, tmp_path: Path) -> None:
    tell = {"ansible.builtin.debug": {"msg": ["{{ lab_name }}", "{{ ansible_netns }}"]}}
    play = [{"hosts": hosts, "gather_facts": False, "tasks": [tell]} for hosts in ("localhost", "office1")]
    found = set()
    for folder in ("alice", "bob"):
        shutil.copytree(CHECKOUT / "playbooks/demo_inventory", tmp_path / folder)
        for inventory in (tmp_path / folder, tmp_path / folder / "hosts.yml"):
            run = playbooks.run(play, inventory, environment={"WGFLEET_LAB": ""})
            (name, _unused), (same, namespace) = (entry.result["msg"] for entry in run.results)
            assert (same, namespace) == (name, f"{name}-office1")
            found.add((folder, name))
    assert len(found) == len(dict(found)) == len({name for _folder, name in found}) == 2
