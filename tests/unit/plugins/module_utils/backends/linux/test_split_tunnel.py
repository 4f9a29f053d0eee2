# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import lock
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import live_parts
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import program as split_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.archive import build_archive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    Job,
    lock_of,
    parse_job,
    render_job,
    render_table,
    routes_of,
    rules_of,
    table_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.tunnel_parts import TIMER
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.units import (
    timer_of,
    unit_files,
    without_systemd,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.prefix_sources import Settled
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import DropPart, PartKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import read_split_tunnel
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix


def job(*families: str, **options: Any) -> Job:
    tunnel = read_split_tunnel({"interface": "wg0", "prefixes": ["10.0.0.0/9"], "refresh": "daily", **options})
    return Job(tunnel, families or ("ipv4",), 51820, 0xCA6C, 1)


def test_a_job_is_read_as_it_was_written() -> None:
    rir = [{"source": "https://rir.example/x", "countries": ["nz"]}]
    dns = [{"servers": ["10.1.101.53"], "domains": ["corp.example."]}]
    written = job("ipv4", "ipv6", rir=rir, dns=dns, files=["/x"], mark="0x1000000", table="7", mode="except")
    assert parse_job(render_job(written), "x") == written


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"tunnel": 3}'])
def test_a_damaged_job_is_named(text: str) -> None:
    with pytest.raises(DeviceError, match="/the/job is damaged"):
        parse_job(text, "/the/job")


def test_marks_are_masked_so_that_the_bits_of_others_stay() -> None:
    text = render_table(job(), [parse_prefix("10.128.0.0/9")])
    assert "ip daddr @prefixes4 meta mark set meta mark & 0x00ffffff | 0x57000000" in text
    assert "elements = { 10.0.0.0/8 }" in text
    assert "prefixes6" not in text


def test_the_tunnels_own_packets_are_never_marked() -> None:
    lines = [line.strip() for line in render_table(job(), []).splitlines()]
    output = lines[lines.index("chain output {") :]
    assert output[2:5] == ["meta mark 0xca6c return", "udp sport 51820 return", "jump mark_packets"]


def test_rules_and_routes_are_those_of_the_families() -> None:
    assert [rule.split()[0] for rule in rules_of(job("ipv4", "ipv6"))] == ["-4", "-4", "-6", "-6"]
    assert routes_of(job("ipv6")) == ("-6 default dev wg0 table 51821",)
    only_names = job(prefixes=[], dns=[{"servers": ["10.0.0.1"]}])
    assert (rules_of(only_names), routes_of(only_names)) == ((), ())


def test_a_name_that_nftables_does_not_know_is_spelled_out() -> None:
    assert (table_name("wg0"), table_name("a-b")) == ("wgfleet_split_wg0", "wgfleet_split_a_2db")
    assert table_name("a_2db") != table_name("a-b")


def test_the_service_runs_whenever_the_interface_appears_and_a_timer_where_something_is_fetched() -> None:
    files, links = unit_files(job().tunnel, "/usr/bin/python3")
    names = [path.rpartition("/")[2] for path in files]
    assert names == ["wgfleet-split-wg0.service", "wgfleet-prefixes-wg0.service"]
    tunnel = read_split_tunnel({"interface": "a-b", "files": ["/x"], "refresh": "Mon 04:00"})
    files, links = unit_files(tunnel, "/usr/bin/python3")
    device = r"sys-subsystem-net-devices-a\x2db.device"
    for unit in ("multi-user.target", device, "wg-quick@a-b.service"):
        assert f"/etc/systemd/system/{unit}.wants/wgfleet-split-a-b.service" in links
    assert "OnCalendar=Mon 04:00\n" in files["/etc/systemd/system/wgfleet-split-refresh-a-b.timer"]
    never = read_split_tunnel({"interface": "wg0", "files": ["/x"], "refresh": "never"})
    assert len(unit_files(never, "")[0]) == 2


def test_the_set_is_loaded_before_the_network_and_again_whenever_nftables_throws_it_away() -> None:
    files, links = unit_files(job().tunnel, "/usr/bin/python3")
    unit = files["/etc/systemd/system/wgfleet-prefixes-wg0.service"]
    for line in ("Before=network-pre.target", "PartOf=nftables.service", "ReloadPropagatedFrom=nftables.service"):
        assert f"\n{line}" in unit
    for starter in ("sysinit.target", "nftables.service"):
        assert f"/etc/systemd/system/{starter}.wants/wgfleet-prefixes-wg0.service" in links
    only_names = job(prefixes=[], dns=[{"servers": ["10.0.0.1"]}])
    assert len(unit_files(only_names.tunnel, "")[0]) == 1


def test_the_archive_runs_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    archive = build_archive(split_program)
    assert archive == build_archive(split_program)
    (place := tmp_path / "split.pyz").write_bytes(archive)
    done = subprocess.run(
        [sys.executable, "-I", str(place), "refresh", "no-such"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        1, "no-such: /var/lib/wgfleet/split/no-such.json is damaged: remove it and run again\n",
    )  # fmt: skip
    assert b"SPLIT_PROTOCOL = " in archive  # by which the module knows what the program has put there
    assert b"import pyroute2" not in archive
    assert b"import ansible" not in archive.replace(b"import ansible_collections", b"")


class Host:
    """What the program reads and writes, in a directory; and in which order."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes: list[str] = []
        self.place = place
        monkeypatch.setattr(split_program, "job_path", lambda interface: f"{place}/{interface}.job_path")
        monkeypatch.setattr(lock, "_DIRECTORY", str(place))
        monkeypatch.setattr(split_program, "write_text", lambda path, _text: self.writes.append(path))
        monkeypatch.setattr(split_program.kernel, "refuse_unknown", lambda _text: None)
        monkeypatch.setattr(split_program.kernel, "read_set", lambda _interface: [])
        monkeypatch.setattr(split_program.kernel, "load_table", lambda *_all: self.writes.append("kernel"))
        monkeypatch.setattr(split_program, "settle", lambda *_all, **_named: self.fetched())
        self.meanwhile: Callable[[], None] = lambda: None
        self.declare()

    def declare(self, *files: str) -> None:
        text = render_job(job(prefixes=[], files=list(files or ("/x",))))
        (self.place / "wg0.job_path").write_text(text, encoding="utf-8")

    def fetched(self) -> Settled:
        self.meanwhile()
        return Settled([parse_prefix("192.0.2.0/24")])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_refresh_writes_its_files_before_the_kernel(host: Host) -> None:
    assert split_program.refresh("wg0") == "the set has 1 prefixes now, and had 0"
    assert host.writes == ["/var/lib/wgfleet/split/wg0.prefixes", "/var/lib/wgfleet/split/wg0.nft", "kernel"]


def test_a_refresh_reads_the_job_again_after_the_download(host: Host) -> None:
    host.meanwhile = lambda: host.declare("/y")
    assert "other sources were named meanwhile" in split_program.refresh("wg0")
    host.meanwhile = (host.place / "wg0.job_path").unlink
    assert "was removed meanwhile" in split_program.refresh("wg0")
    assert (host.writes, list(host.place.iterdir())) == ([], [])


@pytest.mark.parametrize("command", [split_program.refresh, split_program.load])
def test_the_program_waits_for_a_run_that_writes(host: Host, command: Callable[[str], str]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with lock.locked(lock_of("wg0")):
            waiting = pool.submit(command, "wg0")
            time.sleep(0.2)
            assert (waiting.done(), host.writes) == (False, [])
        assert waiting.result(10)
        assert host.writes


def test_a_lock_whose_file_was_removed_by_its_holder_is_taken_on_the_new_one(host: Host) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with lock.locked(lock_of("wg0")):
            waiting = pool.submit(split_program.refresh, "wg0")
            time.sleep(0.2)
            (host.place / "wg0.job_path").unlink()
        with pytest.raises(DeviceError):
            split_program.refresh("wg0")
        assert "was removed meanwhile" in waiting.result(10)
    assert list(host.place.iterdir()) == []


def test_a_refresh_that_is_under_way_is_stopped_with_its_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(live_parts, "systemctl", lambda *words: told.append(words))
    live_parts.drop_live([DropPart(PartKey(TIMER, timer_of("wg0")))], "wg0", None)
    assert told == [("stop", "wgfleet-split-refresh-wg0.timer", "wgfleet-split-refresh-wg0.service")]


@pytest.mark.parametrize(("options", "refreshes"), [({}, False), ({"files": ["/x"]}, True)])
def test_a_host_without_systemd_is_told_what_to_run(options: Any, refreshes: bool) -> None:
    said = without_systemd(job(**options).tunnel, "/usr/bin/python3")
    assert "'/usr/bin/python3 /usr/local/lib/wgfleet/split_tunnel.pyz up wg0' at boot" in said
    assert ("refresh wg0' now and then" in said) == refreshes
