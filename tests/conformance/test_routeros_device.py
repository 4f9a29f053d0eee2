# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router that the environment names: what is read of it without a write, and the questions that it is asked."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Session
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_bench import (
    DOUBTS,
    RELEASES,
    RouterosBench,
    SealedRouterosBackend,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_judge import RouterJudge
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import FOREIGN, PASSWORD
from ansible_collections.wgfleet.wireguard.tests.device import access, open_questions
from ansible_collections.wgfleet.wireguard.tests.device.access import Login
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator

MENUS = [
    "/interface/list", "/interface/list/member", "/interface/wireguard", "/interface/wireguard/peers", "/ip/address",
    "/ip/firewall/filter", "/ip/route", "/ipv6/address", "/routing/table", "/system/scheduler",
]  # fmt: skip


@pytest.fixture(params=["routeros-device", "routeros-simulated"])
def login(request: pytest.FixtureRequest) -> Iterator[Login]:
    """The router of the environment, and one that stands in for it."""
    if request.param == "routeros-simulated":
        with simulator("--user", f"ansible:{PASSWORD}:full", seed=FOREIGN) as running:
            yield Login("127.0.0.1", "ansible", PASSWORD, running.port)
        return
    named = access.device_login()
    if named is None:
        pytest.skip(access.missing(writes=False))
    yield named


def test_a_router_is_read_as_its_judge_sees_it(login: Login) -> None:
    host, username, password, port, _tls_port = login
    with contextlib.closing(RouterJudge(login)) as judge:
        for name in [row["name"] for row in judge.rows("/interface/wireguard")]:
            session = Session(Access(host, username, password, port=port, tls=False, timeout=60))
            with contextlib.closing(SealedRouterosBackend(name, Console(session))) as backend:
                seen, shown = backend.read(), judge.shown(name)
            assert shown is not None
            assert (seen.listen_port, seen.mtu, seen.up) == (shown.listen_port, shown.mtu, shown.up)
            assert {str(key) for key in seen.peers} == set(shown.peers)


def test_a_router_is_not_written_to_unless_it_is_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTEROS_HOST", "192.0.2.1")
    monkeypatch.delenv("ROUTEROS_MAY_DESTROY", raising=False)
    assert RouterosBench().missing() == "ROUTEROS_MAY_DESTROY=yes has to say that the router may be written to"
    assert open_questions.main() == 2
    monkeypatch.setenv("ROUTEROS_MAY_DESTROY", "yes")
    assert not RouterosBench().missing()


def asked(router: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Let the script ask a router, which it has to leave as it was."""
    variables = {
        "HOST": "127.0.0.1",
        "PORT": str(router.port),
        "USERNAME": "admin",
        "PASSWORD": "",
        "MAY_DESTROY": "yes",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"ROUTEROS_{name}", value)
    before = {menu: router.rows(menu) for menu in MENUS}
    assert open_questions.main() == 0
    assert {menu: router.rows(menu) for menu in MENUS} == before
    return capsys.readouterr().out


@pytest.mark.parametrize("release", RELEASES)
def test_the_questions_find_no_difference_where_there_is_none(
    release: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulator("--version", release, "--defconf") as router:
        said = asked(router, monkeypatch, capsys)
    assert "no answer" not in said
    assert said.endswith(" questions, 0 answers differ from the simulator\n")


def test_the_questions_find_every_fact_that_is_otherwise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = [*DOUBTS, "duplicate-peer-name=refuse", "empty-allowed-address=refuse", "empty-private-key=keep"]
    wanted += ["bad-key=failure: bad key", "before-dummy=failure: no", "second-take=busy", "login-category=4"]
    with simulator(*(f"--unconfirmed={each}" for each in wanted)) as router:
        said = asked(router, monkeypatch, capsys)
    for each in wanted:
        assert f"[{each.partition('=')[0]}" in said
    assert f" questions, {len(wanted)} answers differ from the simulator\n" in said


# Few of the cuts and of the scenarios that every backend has, all of the rest.
CHOSEN = (
    "routeros-device and (access or modules or test_routeros_scenarios or removal-after-request or all_that or hidden"
    " or a_peer_is_added or removed or read_as)"
)
PROVEN = (
    "test_a_wrong_password_is_told_and_not_repeated",
    "test_a_user_without_the_policy_api_is_told_so",
    "test_secrets_that_the_user_may_not_see_are_never_a_difference",
    "test_a_certificate_that_nobody_vouches_for_is_refused_with_a_hint",
    "test_a_certificate_of_the_named_authority_is_accepted",
    "test_a_comment_is_kept_as_it_is",
    "test_a_peer_that_exists_with_other_values_is_changed_in_place",
    "test_a_row_that_vanished_before_its_change_is_told",
    "test_a_run_that_is_cut_anywhere_is_completed_by_the_next",
    "test_a_refusal_is_one_sentence",
    "test_a_peer_is_added_and_removed_and_the_others_stay",
    "test_a_router_is_read_as_its_judge_sees_it",
)


@pytest.mark.timeout(900)  # tests within a test
def test_all_tests_of_a_device_pass_on_a_router_that_the_environment_names(tmp_path: Path) -> None:
    """A simulator plays the device: tests know it by its address only, and have to leave it as they found it."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ["-subj", "/CN=router", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made],
        check=True,
        capture_output=True,
    )
    flags = ["--user", f"tester:{PASSWORD}:full", "--tls-certificate", str(certificate), "--tls-key", str(key)]
    with simulator("--version", "7.16.1", "--defconf", *flags) as router:
        before = {menu: router.rows(menu) for menu in [*MENUS, "/user", "/user/group"]}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-vv", str(Path(__file__).parent), "-k", CHOSEN],
            check=False, capture_output=True, text=True, env={
                **os.environ, "ROUTEROS_HOST": "127.0.0.1", "ROUTEROS_PORT": str(router.port),
                "ROUTEROS_TLS_PORT": str(router.tls_port), "ROUTEROS_USERNAME": "tester",
                "ROUTEROS_PASSWORD": PASSWORD, "ROUTEROS_MAY_DESTROY": "yes",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
        assert {menu: router.rows(menu) for menu in before} == before
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert all("not on a device: " in line for line in skipped), skipped
    for name in PROVEN:
        assert re.search(rf"::{name}\[routeros-device.* PASSED", done.stdout), name
