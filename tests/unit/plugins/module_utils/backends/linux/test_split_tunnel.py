# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split import program as split_program
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.archive import build_archive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.job import (
    Job,
    parse_job,
    render_job,
    render_table,
    routes_of,
    rules_of,
    table_name,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.units import unit_files
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
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
    assert b"import pyroute2" not in archive
    assert b"import ansible" not in archive.replace(b"import ansible_collections", b"")
