# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role install on hosts of a lab. What it installs comes from a repository of packages that the test makes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks

SYSTEM_PYTHON = "/usr/bin/python3"
# A stand-in for the package python3-pyroute2 in a repository that is a directory of the host.
REPOSITORY = """
set -e
dpkg --purge --force-all python3-pyroute2 >/dev/null 2>&1 || true
mkdir -p /srv/made/DEBIAN /srv/made/usr/lib/python3/dist-packages/pyroute2 /srv/packages
echo '# a stand-in' >/srv/made/usr/lib/python3/dist-packages/pyroute2/__init__.py
cat >/srv/made/DEBIAN/control <<'END'
Package: python3-pyroute2
Version: 99
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: a stand-in
END
chmod 755 /srv/made/DEBIAN
dpkg-deb --build /srv/made /srv/packages/python3-pyroute2.deb >/dev/null
cd /srv/packages
{
    cat /srv/made/DEBIAN/control
    echo Filename: ./python3-pyroute2.deb
    echo Size: $(stat -c %s python3-pyroute2.deb)
    echo SHA256: $(sha256sum python3-pyroute2.deb | cut -d' ' -f1)
} >Packages
rm -rf /etc/apt/sources.list.d /etc/apt/preferences.d
echo 'deb [trusted=yes] file:/srv/packages ./' >/etc/apt/sources.list
"""
NO_KNOWN_SYSTEM = "rm -f /etc/debian_version /etc/lsb-release; echo 'ID=plan9' >/etc/os-release"
NO_LIBRARY = "rm -rf /usr/lib/python3/dist-packages/pyroute2"


def has_apt_library() -> bool:
    return subprocess.run([SYSTEM_PYTHON, "-c", "import apt"], capture_output=True, check=False).returncode == 0


def is_debian() -> bool:
    with open("/etc/os-release", encoding="utf-8") as stream:
        return "debian" in stream.read()


pytestmark = pytest.mark.skipif(not is_debian(), reason="the packages of Debian alone are tested")


@pytest.fixture
def host(lab: Callable[..., Lab]) -> Lab:
    return lab({"hosts": {"office1": {}}, "links": []})


@pytest.fixture
def install(host: Lab, playbooks: Playbooks) -> Callable[..., PlaybookRun]:
    """``install(*flags, python=…, **variables)`` runs the role on the host."""

    def run(*flags: str, python: str = "", gather: bool = False, code: int = 0, **variables: Any) -> PlaybookRun:
        play = [{"hosts": "all", "gather_facts": gather, "roles": [{"role": "wgfleet.wireguard.install", **variables}]}]
        inventory = host.inventory(**({"ansible_python_interpreter": python} if python else {}))
        return playbooks.run(play, inventory, arguments=flags, code=code)

    return run


def shell(host: Lab, script: str) -> None:
    host.run("office1", ["sh", "-c", script])


def calls(run: PlaybookRun) -> list[str]:
    """Modules that ran on the host, the check of the role's arguments apart."""
    on_controller = ("validate_argument_spec", "assert", "fail", "set_fact")
    ran = [entry.action.rpartition(".")[2] for entry in run.results if entry.status != "skipped"]
    return [action for action in ran if action not in on_controller]


def test_a_host_that_lacks_nothing_is_only_looked_at(install: Callable[..., PlaybookRun]) -> None:
    run = install()
    assert (run.changed(), calls(run)) == (0, ["setup", "command"])
    assert calls(install(gather=True)) == ["gather_facts", "command"]


@pytest.mark.skipif(not has_apt_library(), reason="the module apt needs python3-apt")
def test_what_is_lacking_is_installed_once(host: Lab, install: Callable[..., PlaybookRun]) -> None:
    shell(host, REPOSITORY)
    first = install(python=SYSTEM_PYTHON, install_userspace=False)
    assert (first.changed(), calls(first)) == (1, ["setup", "command", "package"])
    host.run("office1", [SYSTEM_PYTHON, "-c", "import pyroute2"])
    second = install(python=SYSTEM_PYTHON, install_userspace=False)
    assert (second.changed(), calls(second)) == (0, ["setup", "command"])


@pytest.mark.skipif(not has_apt_library(), reason="the module apt needs python3-apt")
def test_check_mode_announces_and_installs_nothing(host: Lab, install: Callable[..., PlaybookRun]) -> None:
    shell(host, REPOSITORY + "apt-get update -qq")
    assert install("--check", python=SYSTEM_PYTHON).changed() == 1
    assert host.run("office1", [SYSTEM_PYTHON, "-c", "import pyroute2"], check=False).returncode == 1


def refusal(run: PlaybookRun) -> str:
    assert calls(run) == ["setup", "command"]
    return str(run.of("Refuse")[0]["msg"])


def test_an_unknown_system_is_told_what_to_install_by_hand(host: Lab, install: Callable[..., PlaybookRun]) -> None:
    shell(host, NO_KNOWN_SYSTEM)
    assert install().changed() == 0, "it lacks nothing"
    shell(host, f"{NO_LIBRARY}; rm -f /usr/bin/wg /usr/sbin/nft")
    message = refusal(install(python=SYSTEM_PYTHON, code=2))
    assert "wireguard-tools" in message
    assert "nftables" in message
    assert f"pyroute2 for {SYSTEM_PYTHON}" in message


def test_a_library_for_another_python_is_not_looked_for_in_packages(
    host: Lab, install: Callable[..., PlaybookRun]
) -> None:
    host.run("office1", [sys.executable, "-m", "venv", "--without-pip", "/opt/other"])
    assert "pyroute2 for /opt/other/bin/python" in refusal(install(python="/opt/other/bin/python", code=2))


@pytest.mark.parametrize("mode", [True, "true"])
def test_userspace_that_is_asked_for_is_missed(host: Lab, install: Callable[..., PlaybookRun], mode: Any) -> None:
    shell(host, f"{NO_KNOWN_SYSTEM}; rm -f /usr/bin/wireguard-go")
    assert "wireguard-go" in refusal(install(install_userspace=mode, code=2))


def test_userspace_that_is_not_wanted_is_not_missed(host: Lab, install: Callable[..., PlaybookRun]) -> None:
    shell(host, f"{NO_KNOWN_SYSTEM}; rm -f /usr/bin/wireguard-go")
    assert install(install_userspace=False).changed() == 0
