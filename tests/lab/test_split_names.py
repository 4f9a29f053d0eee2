# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split DNS: two servers, one of them behind the tunnel, and three programs that resolve names on the laptop.

Each server answers every name, with an address that tells which server it is, so that a name that goes astray is seen
in its answer. What leaves the laptop in clear is captured besides.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.networks import until
from ansible_collections.wgfleet.wireguard.tests.lab.split_site import FAR, background, build, split

BEHIND, OUTSIDE = "10.77.0.1", "10.88.0.1"  # answers
INSIDE_SERVER, OUTSIDE_SERVER = "10.9.0.2", FAR
UPLINK = "/run/systemd/resolve/resolv.conf"
PROGRAM = "/usr/local/lib/wgfleet/split_tunnel.pyz"
PACKAGES = {
    "dnsmasq": ("dnsmasq",),
    "openresolv": ("openresolv",),
    "resolved": ("dbus", "dbus-daemon", "systemd-resolved"),
    "switch": ("libnss-resolve",),
    "debian": ("resolvconf",),
}
# Writes down every name that is asked for in what leaves the laptop in clear.
_CAPTURE = """
import socket
channel = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
channel.bind(("wan", 3))
with open("/run/captured", "w") as found:
    while True:
        packet = channel.recv(65535)
        if packet[:1] != b"E" or packet[9] != 17 or packet[22:24] != bytes([0, 53]):
            continue
        labels, rest = [], packet[40:]
        while rest and rest[0]:
            labels.append(rest[1:rest[0] + 1].decode(errors="replace"))
            rest = rest[rest[0] + 1:]
        print(".".join(labels), file=found, flush=True)
"""
_USERS = """
for each in messagebus:990 systemd-resolve:991; do
    name=${each%:*} number=${each#*:}
    grep -q "^$name:" /etc/group || echo "$name:x:$number:" >>/etc/group
    grep -q "^$name:" /etc/passwd || echo "$name:x:$number:$number::/:/usr/sbin/nologin" >>/etc/passwd
done
mkdir -p /run/dbus
install -d -o systemd-resolve -g systemd-resolve /run/systemd/resolve
mkdir -p /etc/systemd/resolved.conf.d
printf '[Resolve]\\nDNS={server}\\nLLMNR=no\\nMulticastDNS=no\\n' >/etc/systemd/resolved.conf.d/lab.conf
dbus-daemon --system --fork
"""
Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian's packages of the resolvers. They are unpacked in a lab's host and installed nowhere."""
    place = tmp_path_factory.mktemp("packages")
    names = [name for each in PACKAGES.values() for name in each]
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", *names]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no apt-get here from which resolvers could be had")
    if done.returncode:
        pytest.skip(f"the packages of resolvers cannot be had: {done.stderr.strip()}")
    return place


@pytest.fixture
def lab(lab: Callable[..., Lab]) -> Lab:
    built = build(lab)
    for host, address, answer in (("gateway", INSIDE_SERVER, BEHIND), ("server", OUTSIDE_SERVER, OUTSIDE)):
        plain = ["--bind-interfaces", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root"]
        log = ["--log-queries", "--log-facility=/run/queries", "--pid-file=/run/dns.pid"]
        built.run(host, ["dnsmasq", f"--listen-address={address}", *plain, *log, f"--address=/#/{answer}"])
    background(built, "laptop", [sys.executable, "-c", _CAPTURE])
    built.run("laptop", ["sh", "-c", "until [ -e /run/captured ]; do sleep 0.05; done"])
    return built


@pytest.fixture
def module(lab: Lab, tmp_path: Path) -> Iterator[Module]:
    """``module(**options)`` runs the module on the laptop."""
    yield lambda *flags, **options: split(lab, tmp_path / "run", flags, **options)


def unpack(lab: Lab, packages: Path, resolver: str) -> None:
    for name in PACKAGES[resolver]:
        (package,) = packages.glob(f"{name}_*.deb")
        script = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C /'
        lab.run("laptop", ["sh", "-c", script, "sh", str(package)])


def write(lab: Lab, path: str, text: str) -> None:
    lab.run("laptop", ["sh", "-c", 'rm -f "$1"; cat >"$1"', "sh", path], input=text)


def resolved(lab: Lab, name: str) -> str:
    """The address that a program of the laptop gets for a name."""
    lines = lab.run("laptop", ["getent", "ahostsv4", name], check=False).stdout.split()
    return lines[0] if lines else ""


def queries(lab: Lab, host: str) -> set[str]:
    """Names that a server was asked for."""
    lines = lab.run(host, ["cat", "/run/queries"]).stdout.splitlines()
    return {line.split("query[A] ")[1].split()[0] for line in lines if "query[A] " in line}


def captured(lab: Lab) -> set[str]:
    """Names that left in clear, but for those by which a resolver looks after itself."""
    found = set(lab.run("laptop", ["cat", "/run/captured"]).stdout.split())
    return {name for name in found if name.endswith((".example", ".test"))}


def start_dnsmasq(lab: Lab, packages: Path) -> None:
    unpack(lab, packages, "dnsmasq")
    write(lab, "/etc/resolv.conf", "nameserver 127.0.0.1\n")
    write(lab, "/etc/upstream.conf", f"nameserver {OUTSIDE_SERVER}\n")
    write(
        lab,
        "/etc/dnsmasq.conf",
        "resolv-file=/etc/upstream.conf\nlisten-address=127.0.0.1\nbind-interfaces\nuser=root\n",
    )
    lab.run("laptop", ["/etc/init.d/dnsmasq", "start"])


def test_dnsmasq_asks_each_server_for_its_names_and_no_other(lab: Lab, module: Module, packages: Path) -> None:
    start_dnsmasq(lab, packages)
    names = [{"servers": [INSIDE_SERVER], "domains": ["corp.example", "10.in-addr.arpa"]}]
    assert resolved(lab, "before.corp.example") == OUTSIDE
    files = lab.run("laptop", ["ls", "/etc/dnsmasq.d"]).stdout
    announced = module("--check", dns=names)
    first = module(dns=names)
    assert (announced["writes"], announced["steps"]) == (0, first["steps"])
    assert (resolved(lab, "db.corp.example"), resolved(lab, "www.test")) == (BEHIND, OUTSIDE)
    assert (queries(lab, "gateway"), captured(lab)) == ({"db.corp.example"}, {"before.corp.example", "www.test"})
    assert module(dns=names)["writes"] == 0

    everything = [{"servers": [INSIDE_SERVER]}]
    module(dns=everything)
    assert (resolved(lab, "other.test"), captured(lab) & {"other.test"}) == (BEHIND, set())
    assert module(dns=everything)["writes"] == 0
    assert module(state="absent")["changed"] is True
    assert (resolved(lab, "after.corp.example"), lab.run("laptop", ["ls", "/etc/dnsmasq.d"]).stdout) == (OUTSIDE, files)
    assert module(state="absent")["writes"] == 0


def test_a_server_of_dnsmasq_for_every_name_is_named(lab: Lab, module: Module, packages: Path) -> None:
    start_dnsmasq(lab, packages)
    write(lab, "/etc/dnsmasq.d/provider", "server=192.0.2.53\n")
    refused = module(dns=[{"servers": [INSIDE_SERVER]}])
    assert "/etc/dnsmasq.d/provider names a server for every name" in refused["msg"]
    assert lab.run("laptop", ["ls", "/var/lib/wgfleet"], check=False).stdout == ""


def test_resolved_asks_each_server_for_its_names_and_no_other(lab: Lab, module: Module, packages: Path) -> None:
    unpack(lab, packages, "resolved")
    lab.run("laptop", ["sh", "-ec", _USERS.replace("{server}", OUTSIDE_SERVER)])
    background(lab, "laptop", ["/lib/systemd/systemd-resolved"])
    write(lab, "/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n")
    deadline = time.monotonic() + 20
    while resolved(lab, "before.corp.example") != OUTSIDE:
        assert time.monotonic() < deadline, "systemd-resolved does not answer"
        time.sleep(0.2)
    names = [{"servers": [INSIDE_SERVER], "domains": ["corp.example"]}]
    assert module(dns=names)["changed"] is True
    assert (resolved(lab, "db.corp.example"), resolved(lab, "www.example")) == (BEHIND, OUTSIDE)
    assert (queries(lab, "gateway"), captured(lab)) == ({"db.corp.example"}, {"before.corp.example", "www.example"})
    assert module(dns=names)["writes"] == 0
    lab.run("laptop", ["resolvectl", "revert", "wg0"])  # as when the link has gone
    lab.run("laptop", [sys.executable, PROGRAM, "up", "wg0"])
    assert resolved(lab, "again.corp.example") == BEHIND
    assert module(dns=names)["writes"] == 0
    two = [*names, {"servers": ["10.9.0.3"], "domains": ["lab.example"]}]
    assert module(dns=two)["problems"][0]["place"] == "dns[1].servers"
    module(state="absent")
    assert resolved(lab, "after.corp.example") == OUTSIDE
    assert module(state="absent")["writes"] == 0


def test_resolved_is_used_past_its_stub_where_programs_ask_it_and_refused_where_they_do_not(
    lab: Lab, module: Module, packages: Path
) -> None:
    unpack(lab, packages, "resolved")
    lab.run("laptop", ["sh", "-ec", _USERS.replace("{server}", OUTSIDE_SERVER)])
    background(lab, "laptop", ["/lib/systemd/systemd-resolved"])
    lab.run("laptop", ["ln", "-sf", UPLINK, "/etc/resolv.conf"])
    until(lambda: resolved(lab, "before.corp.example") == OUTSIDE)
    names = [{"servers": [INSIDE_SERVER], "domains": ["corp.example"]}]
    refused = module(dns=names)
    assert f"link it to {UPLINK.replace('resolv.conf', 'stub-resolv.conf')}, or let them ask resolved" in refused["msg"]
    assert lab.run("laptop", ["ls", "/var/lib/wgfleet"], check=False).stdout == ""
    unpack(lab, packages, "switch")
    lab.run("laptop", ["sed", "-i", "s/^hosts:.*/hosts: files resolve [!UNAVAIL=return] dns/", "/etc/nsswitch.conf"])
    assert module(dns=names)["changed"] is True
    assert (resolved(lab, "db.corp.example"), resolved(lab, "www.example")) == (BEHIND, OUTSIDE)
    assert captured(lab) == {"before.corp.example", "www.example"}
    assert module(dns=names)["writes"] == 0
    module(state="absent")
    assert resolved(lab, "after.corp.example") == OUTSIDE


def test_the_resolvconf_of_debian_is_refused_with_what_may_take_its_place(
    lab: Lab, module: Module, packages: Path
) -> None:
    unpack(lab, packages, "debian")
    write(lab, "/etc/resolv.conf", f"nameserver {OUTSIDE_SERVER}\n")
    refused = module(dns=[{"servers": [INSIDE_SERVER]}])
    assert "Debian's resolvconf makes /etc/resolv.conf" in refused["msg"]
    assert "install openresolv in its place, or let systemd-resolved or dnsmasq" in refused["msg"]


def test_openresolv_has_our_servers_alone_and_cannot_tell_domains_apart(
    lab: Lab, module: Module, packages: Path
) -> None:
    unpack(lab, packages, "openresolv")
    lab.run("laptop", ["resolvconf", "-a", "wan"], input=f"nameserver {OUTSIDE_SERVER}\n")
    assert resolved(lab, "before.example") == OUTSIDE
    names = [{"servers": [INSIDE_SERVER]}]
    assert module(dns=names)["changed"] is True
    assert (resolved(lab, "www.example"), captured(lab)) == (BEHIND, {"before.example"})
    assert module(dns=names)["writes"] == 0
    refused = module(dns=[{"servers": [INSIDE_SERVER], "domains": ["corp.example"]}])
    assert refused["problems"][0]["place"] == "dns[0].domains"
    module(state="absent")
    assert resolved(lab, "after.example") == OUTSIDE
    assert module(state="absent")["writes"] == 0


def test_a_host_whose_resolver_cannot_be_managed_is_refused_before_any_write(lab: Lab, module: Module) -> None:
    write(lab, "/etc/resolv.conf", "nameserver 192.0.2.53\n")
    before = lab.snapshot("laptop")
    refused = module(prefixes=["203.0.113.0/24"], dns=[{"servers": [INSIDE_SERVER]}])
    assert "no program that this can manage resolves names here" in refused["msg"]
    assert "192.0.2.53" in refused["msg"]
    assert lab.snapshot("laptop") == before
    assert lab.run("laptop", ["ls", "/var/lib/wgfleet"], check=False).stdout == ""
