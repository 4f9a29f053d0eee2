# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of split tunnels that are fetched from a web server in the lab, by the module and by the program on the host."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab
from ansible_collections.wgfleet.wireguard.tests.lab.split_site import (
    FAR,
    GATEWAY,
    LAPTOP,
    NEAR,
    asked,
    background,
    build,
    split,
)

PROGRAM = "/usr/local/lib/wgfleet/split_tunnel.pyz"
URL = "http://198.51.3.1:8000/delegated"
STATISTICS = """2|apnic|20261120|3|19830613|20261119|+1000
apnic|NZ|ipv4|203.0.113.0|256|20110811|allocated
apnic|NZ|ipv4|198.18.0.0|{count}|20110811|assigned
apnic|AU|ipv4|203.0.114.0|256|20110811|allocated
"""
MANY = 29_000
SET = "/srv/set"
Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def lab(module_lab: Callable[..., Lab]) -> Lab:
    lab = build(module_lab)
    lab.run("server", ["mkdir", "/srv/web"])
    background(lab, "server", [sys.executable, "-m", "http.server", "8000", "--directory", "/srv/web"])
    return lab


@pytest.fixture
def module(lab: Lab, tmp_path: Path) -> Iterator[Module]:
    """``module(**options)`` runs the module on the laptop; it is removed at the end."""
    yield lambda *flags, **options: split(lab, tmp_path / "run", flags, **options)
    assert "failed" not in split(lab, tmp_path / "run", state="absent")


def publish(lab: Lab, text: str | None, name: str = "delegated") -> None:
    """Put a file on the web server, or take it away."""
    if text is None:
        lab.run("server", ["rm", f"/srv/web/{name}"])
    else:
        lab.run("server", ["tee", f"/srv/web/{name}"], input=text)


def refresh(lab: Lab) -> subprocess.CompletedProcess[str]:
    """Do what the timer does."""
    unit = lab.run("laptop", ["cat", "/etc/systemd/system/wgfleet-split-refresh-wg0.service"]).stdout
    command = next(line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart="))
    return lab.run("laptop", command.split(), check=False)


def seen(lab: Lab) -> tuple[str, str]:
    return asked(lab, NEAR), asked(lab, FAR)


def test_the_set_follows_its_source_and_is_kept_when_that_fails_or_shrinks(lab: Lab, module: Module) -> None:
    country = {"rir": [{"source": URL, "countries": ["NZ"], "families": ["ipv4"]}], "refresh": "weekly"}
    assert "cannot be had" in module(**country)["msg"]
    publish(lab, STATISTICS.format(count=1024))
    assert module(**country)["changed"] is True
    assert seen(lab) == (GATEWAY, LAPTOP)
    assert module(**country)["writes"] == 0
    assert (
        "OnCalendar=weekly" in lab.run("laptop", ["cat", "/etc/systemd/system/wgfleet-split-refresh-wg0.timer"]).stdout
    )
    assert refresh(lab).stdout == "wg0: nothing has changed (2 prefixes)\n"

    publish(lab, STATISTICS.format(count=1024).replace("AU", "NZ"))
    assert refresh(lab).stdout == "wg0: the set has 3 prefixes now, and had 2\n"
    assert seen(lab) == (GATEWAY, GATEWAY)
    assert module(**country)["writes"] == 0

    for published, reason in (
        (STATISTICS.format(count=256), "it shrank by 67 %, and more than 20 % is not believed"),
        ("<html>moved</html>", "is no file of delegated statistics"),
        (None, "the server says 404"),
    ):
        publish(lab, published)
        kept = refresh(lab)
        assert (kept.returncode, kept.stdout) == (1, "")
        assert kept.stderr.startswith("wg0: the earlier set is kept (3 prefixes): ")
        assert reason in kept.stderr
        again = module(**country)
        assert (again["changed"], again["writes"]) == (False, 0)
        assert [warning for warning in again["warnings"] if reason in warning]
        assert seen(lab) == (GATEWAY, GATEWAY)

    publish(lab, STATISTICS.format(count=256))
    assert module(**country, shrink_limit=70)["changed"] is True
    assert seen(lab) == (GATEWAY, LAPTOP)


def test_another_country_may_be_smaller_than_the_one_before(lab: Lab, module: Module) -> None:
    publish(lab, STATISTICS.format(count=1024))
    module(rir=[{"source": URL, "countries": ["NZ"]}])
    assert "warnings" not in module(rir=[{"source": URL, "countries": ["AU"]}])
    assert seen(lab) == (LAPTOP, GATEWAY)


def test_tens_of_thousands_of_prefixes_load_and_stand_again_after_a_boot(lab: Lab, module: Module) -> None:
    # Every second /24 of 32.0.0.0/4 and beyond, so that nothing can be joined; in the end the server's network.
    lines = [f"{32 + (number >> 15)}.{number >> 7 & 255}.{number << 1 & 255}.0/24\n" for number in range(MANY)]
    put(lab, "".join([*lines, "203.0.113.0/24 # the server\n"]))
    first = module(files=[SET])
    assert next(step for step in first["steps"] if step["do"] == "put_table")["lines"] > MANY
    assert module(files=[SET])["writes"] == 0
    assert seen(lab) == (GATEWAY, LAPTOP)
    units = lab.run("laptop", ["sh", "-c", "ls /etc/systemd/system/wgfleet-*"]).stdout.split()
    assert len(units) == 4
    assert "wgfleet" not in lab.run("laptop", ["systemd-analyze", "verify", *units], check=False).stderr
    before = routing(lab)
    forget(lab)
    assert seen(lab) == (LAPTOP, LAPTOP)
    lab.run("laptop", [sys.executable, PROGRAM, "up", "wg0"])
    assert seen(lab) == (GATEWAY, LAPTOP)
    assert routing(lab) == before
    assert module(files=[SET])["writes"] == 0


def test_what_someone_flushed_is_loaded_again(lab: Lab, module: Module) -> None:
    module(prefixes=["203.0.113.0/24"])
    lab.run("laptop", ["nft", "flush", "set", "inet", "wgfleet_split_wg0", "prefixes4"])
    again = module(prefixes=["203.0.113.0/24"])
    assert [step["do"] for step in again["steps"]] == ["put_table"]
    assert seen(lab) == (GATEWAY, LAPTOP)


def put(lab: Lab, prefixes: str) -> None:
    """Put a file of prefixes on the laptop."""
    lab.run("laptop", ["sh", "-c", f"rm -f {SET}; cat >{SET}"], input=prefixes)


def start_slow_refresh(lab: Lab) -> subprocess.Popen[str]:
    """Start a refresh that waits for its source: a pipe in the place of the file."""
    lab.run("laptop", ["sh", "-ec", f"rm {SET}; mkfifo {SET}"])
    program = lab.run("laptop", ["mktemp"]).stdout.strip()  # the module removes its own, or puts another one there
    lab.run("laptop", ["cp", PROGRAM, program])
    return lab.start(
        "laptop", [sys.executable, program, "refresh", "wg0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def said_after(lab: Lab, process: subprocess.Popen[str], fetched: str) -> str:
    """Let a refresh that waits have its source, and give what it says."""
    lab.run("laptop", ["tee", SET], input=fetched)
    return process.communicate(timeout=30)[0]


def test_a_refresh_that_was_under_way_brings_nothing_back_that_a_run_has_removed(lab: Lab, module: Module) -> None:
    put(lab, "203.0.113.0/24\n")
    before = standing(lab)
    module(files=[SET])
    process = start_slow_refresh(lab)
    assert module(state="absent")["changed"] is True
    said = said_after(lab, process, "203.0.113.0/24\n203.0.114.0/24\n")
    assert said == "wg0: the split tunnel was removed meanwhile: nothing was done\n"
    assert (standing(lab), seen(lab)) == (before, (LAPTOP, LAPTOP))


def test_a_refresh_that_was_under_way_keeps_what_a_run_has_changed(lab: Lab, module: Module) -> None:
    put(lab, "203.0.113.0/24\n")
    module(files=[SET])
    process = start_slow_refresh(lab)
    lab.run("laptop", ["tee", "/srv/other"], input="203.0.114.0/24\n")
    module(files=["/srv/other"])
    said = said_after(lab, process, "203.0.113.0/24\n198.18.0.0/24\n")
    assert said == "wg0: other sources were named meanwhile: nothing was done\n"
    assert (module(files=["/srv/other"])["writes"], seen(lab)) == (0, (LAPTOP, GATEWAY))


def standing(lab: Lab) -> tuple[str, str]:
    """The tables of nftables, and the files of split tunnels."""
    tables = lab.run("laptop", ["nft", "list", "tables"]).stdout
    files = ["find", "/var/lib/wgfleet", "/run", "-xdev", "-type", "f", "-name", "*wg0*"]
    return tables, lab.run("laptop", files, check=False).stdout


def routing(lab: Lab) -> dict[str, Any]:
    """What the kernel has besides nftables, whose numbers count on; the module's second run judges that."""
    return {name: state for name, state in lab.snapshot("laptop").items() if name != "nftables"}


def forget(lab: Lab) -> None:
    """Lose what a boot loses."""
    lab.run("laptop", ["nft", "flush", "ruleset"])
    for family in ("-4", "-6"):
        lab.run("laptop", ["ip", family, "route", "flush", "table", "51821"], check=False)
        for priority in ("30870", "30871"):
            lab.run("laptop", ["ip", family, "rule", "del", "priority", priority], check=False)
