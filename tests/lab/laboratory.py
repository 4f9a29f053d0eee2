# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do with a lab: build one, run commands and pings in its hosts, run playbooks against it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
LAB_PROGRAM = CHECKOUT / "roles/lab/files/lab.py"
CALLBACKS = Path(__file__).resolve().parent / "callbacks"

GRACE = 0.5  # seconds
# What a gateway or a split tunnel turns on for an interface.
INTERFACE_SWITCHES = " ".join(
    f"ipv{version}/conf/*/{name}"
    for version, name in ((4, "proxy_arp"), (4, "rp_filter"), (6, "proxy_ndp"), (6, "accept_ra"))
)
Topology = dict[str, Any]


def lab_name() -> str:
    """A name that no other lab has."""
    return f"t{uuid4().hex[:8]}"


def demo_topology() -> Topology:
    """The role's own: an internet, office1, office2 and branch behind branch-nat, each with a ``-pc`` on its LAN."""
    defaults = yaml.safe_load((CHECKOUT / "roles/lab/defaults/main.yml").read_text(encoding="utf-8"))
    return {"hosts": defaults["lab_hosts"], "links": defaults["lab_links"]}


@dataclass
class Pings:
    """What came of a row of pings; ``lost`` has the sequence numbers, the first is 1."""

    sent: int = 0
    received: int = 0
    lost: list[int] = field(default_factory=list)


def parse_pings(output: str) -> Pings:
    """Read what ping(8) printed. The last echo of an interrupted row was still on its way and does not count."""
    summary = re.search(r"(\d+) packets transmitted, (\d+)(?: packets)? received", output)
    if summary is None:
        raise ValueError(f"this is not what ping prints: {output!r}")
    answered = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl=", output)}
    sent = int(summary[1])
    return Pings(sent, len(answered), [number for number in range(1, sent + 1) if number not in answered])


@dataclass(frozen=True)
class Lab:
    """A lab that is up. Hosts are named as in the topology."""

    name: str
    topology: Topology

    def netns(self, host: str) -> str:
        """Name of the host's namespace, the value for ``ansible_netns``."""
        return f"{self.name}-{host}"

    def argv(self, host: str, argv: list[str]) -> list[str]:
        """The command line that runs a command in a host."""
        name = self.netns(host)
        return ["nsenter", f"--net=/run/netns/{name}", f"--mount=/run/wgfleet/{name}/mnt", "--", *argv]

    def run(
        self, host: str, argv: list[str], input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a host; with ``check`` a failure raises and tells what it printed."""
        done = subprocess.run(self.argv(host, argv), input=input, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"on {host}: {argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def start(self, host: str, argv: list[str], **options: Any) -> subprocess.Popen[str]:
        """Start a command in a host; it ends with the lab if nobody ends it before."""
        return subprocess.Popen(self.argv(host, argv), text=True, **options)

    def ping(
        self, host: str, address: str, count: int = 2, interval: float = 0.2, size: int = 56, wait: int = 1
    ) -> Pings:
        """Ping an address ``count`` times and wait at most ``wait`` seconds for the last answer."""
        argv = ["ping", "-n", "-W", str(wait), "-c", str(count), "-i", str(interval), "-s", str(size), address]
        done = self.run(host, argv, check=False)
        if "packets transmitted" in done.stdout:
            return parse_pings(done.stdout)
        return Pings(count, 0, list(range(1, count + 1)))  # ping gave up: no route to there

    @contextlib.contextmanager
    def pinging(self, host: str, address: str, interval: float = 0.01) -> Iterator[Pings]:
        """Ping as long as the block runs, and a moment longer; the object has its numbers when the block has ended.

        What is sent in that last moment may still be on its way when ping is stopped, and does not count: a loss within
        the block is followed by answers, unless nothing comes through any more, and then more than that is lost.
        """
        pings = Pings()
        process = self.start(host, ["ping", "-n", "-i", str(interval), address], stdout=subprocess.PIPE)
        try:
            yield pings
        finally:
            time.sleep(GRACE)
            process.send_signal(signal.SIGINT)
            counted = parse_pings(process.communicate(timeout=10)[0])
            last_answer = max(set(range(1, counted.sent + 1)) - set(counted.lost), default=0)
            if counted.sent - last_answer <= GRACE / interval:
                counted = Pings(last_answer, counted.received, [lost for lost in counted.lost if lost < last_answer])
            pings.sent, pings.received, pings.lost = counted.sent, counted.received, counted.lost

    def snapshot(self, host: str) -> dict[str, Any]:
        """All network state of a host but for WireGuard's own: links, addresses, routes, rules, nftables, switches."""
        read = {
            "links": ["ip", "-j", "link", "show"],
            "addresses": ["ip", "-j", "address", "show"],
            "routes": ["ip", "-j", "-4", "route", "show", "table", "all"],
            "routes6": ["ip", "-j", "-6", "route", "show", "table", "all"],
            "rules": ["ip", "-j", "rule", "show"],
            "nftables": ["nft", "-j", "list", "ruleset"],
        }
        state: dict[str, Any] = {name: json.loads(self.run(host, argv).stdout or "[]") for name, argv in read.items()}
        switches = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]
        state["sysctl"] = {
            name: self.run(host, ["cat", "/proc/sys/" + name.replace(".", "/")]).stdout.strip() for name in switches
        }
        lines = self.run(host, ["sh", "-c", f"cd /proc/sys/net && grep . {INTERFACE_SWITCHES}"]).stdout.splitlines()
        state["interface_sysctl"] = dict(line.split(":") for line in lines)
        return state

    def inventory(self, *hosts: str, **variables: Any) -> dict[str, Any]:
        """An inventory that reaches these hosts (all if none is named) and gives them the variables."""
        return {
            "all": {
                "hosts": {host: {"ansible_netns": self.netns(host)} for host in hosts or self.topology["hosts"]},
                "vars": {
                    "ansible_connection": "wgfleet.wireguard.netns",
                    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                    **variables,
                },
            }
        }


def call_lab(command: str, declaration: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the lab program on a declaration ``{name, hosts, links}``."""
    return subprocess.run(
        [sys.executable, str(LAB_PROGRAM), command],
        input=json.dumps(declaration),
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def building_labs() -> Iterator[Any]:
    """Give a function ``topology -> Lab``; what it built is removed at the end, whatever happened."""
    names: list[str] = []

    def build(topology: Topology | None = None) -> Lab:
        lab = Lab(lab_name(), topology or demo_topology())
        names.append(lab.name)
        done = call_lab("up", {"name": lab.name, **lab.topology})
        if done.returncode:
            raise AssertionError(f"the lab cannot be built: {done.stderr}")
        return lab

    try:
        yield build
    finally:
        failures = [done.stderr for name in names if (done := call_lab("down", {"name": name})).returncode]
        assert not failures, failures


def why_no_lab() -> str:
    """The reason why no lab can be built here, or an empty text."""
    if os.geteuid() != 0:
        return "a lab needs root"
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="utf-8"):
        return "the kernel has no overlayfs"
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no namespaces here: {probe.stderr.strip()}" if probe.returncode else ""


@dataclass(frozen=True)
class TaskResult:
    """What one task said on one host; ``status`` is ok, failed, ignored, unreachable or skipped."""

    host: str
    task: str
    action: str
    status: str
    result: dict[str, Any]


@dataclass(frozen=True)
class PlaybookRun:
    """A finished run of ansible-playbook."""

    code: int
    output: str
    results: tuple[TaskResult, ...]
    recap: dict[str, dict[str, int]]

    def changed(self, host: str | None = None) -> int:
        """Number of changed tasks on a host, or on all."""
        return sum(recap["changed"] for name, recap in self.recap.items() if host in (None, name))

    def of(self, text: str, host: str | None = None) -> list[dict[str, Any]]:
        """Results of the tasks whose name or action (such as a module's name) contains ``text``."""
        return [
            entry.result
            for entry in self.results
            if (text in entry.task or text in entry.action) and host in (None, entry.host)
        ]


@dataclass(frozen=True)
class Playbooks:
    """Runs ansible-playbook with this checkout's collection. The inventory stays in ``directory`` between runs.

    ``prefix`` is a command that runs it elsewhere, with the same files.
    """

    directory: Path
    prefix: tuple[str, ...] = ()

    def run(
        self,
        play: str | Path | list[dict[str, Any]],
        inventory: dict[str, Any] | Path,
        extra_vars: dict[str, Any] | None = None,
        arguments: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        code: int | None = 0,
    ) -> PlaybookRun:
        """Run a playbook (a path, ``wgfleet.wireguard.NAME``, or plays as data); ``code=None`` allows any exit code.

        ``arguments`` go to ansible-playbook, such as ``("--check", "--diff", "--limit", "office1")``.
        """
        (home := self.directory / "home").mkdir(exist_ok=True)
        if isinstance(inventory, dict):
            (place := self.directory / "inventory").mkdir(exist_ok=True)
            (place / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
            inventory = place / "hosts.json"
        if isinstance(play, list):
            (self.directory / "play.json").write_text(json.dumps(play), encoding="utf-8")
            play = self.directory / "play.json"
        (record := self.directory / "record.jsonl").unlink(missing_ok=True)
        command = [*self.prefix, sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(play)]
        done = subprocess.run(
            [*command, "--extra-vars", json.dumps(extra_vars or {}), *arguments],
            env={**os.environ, **_ansible_environment(home, record), **(environment or {})},
            cwd=self.directory,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        output = done.stdout + done.stderr
        assert code in (None, done.returncode), f"exit code {done.returncode}: {output}"
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return _read_record(done.returncode, output, [json.loads(line) for line in lines])


def _ansible_environment(home: Path, record: Path) -> dict[str, str]:
    return {
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".ansible/collections"),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "run_record",
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PIPELINING": "true",
        "WGFLEET_RUN_RECORD": str(record),
    }


def _read_record(code: int, output: str, entries: list[dict[str, Any]]) -> PlaybookRun:
    results = tuple(TaskResult(**entry) for entry in entries if "recap" not in entry)
    recap = next((entry["recap"] for entry in entries if "recap" in entry), {})
    return PlaybookRun(code, output, results, recap)
