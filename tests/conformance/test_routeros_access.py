# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way in to a router, who may do what there, and what it is: each refusal is a sentence that tells no secret."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.session import Session
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import UnsupportedRelease
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    LoginRefused,
    NoPrivilege,
    NotConnected,
    Refused,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import interface
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import access, run
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import (
    DEVICE,
    SIMULATED,
    Target,
    simulated,
    target_of,
)

# --- Users


def test_a_wrong_password_is_told_and_not_repeated(reached: Target) -> None:
    with pytest.raises(LoginRefused, match=f"refused the user {reached.login.username}: ") as caught:
        Session(access(reached, password="wrong secret"))
    assert "user or password is wrong" in str(caught.value)
    assert "wrong secret" not in str(caught.value)


def test_a_user_without_the_policy_api_is_told_so(router: Target) -> None:
    with pytest.raises((LoginRefused, NoPrivilege)) as caught:
        Session(access(router, **router.user("read", "write")))
    assert "policies api, read, write" in str(caught.value)


def test_a_user_who_may_not_write_is_told_so(router: Target) -> None:
    with pytest.raises(NoPrivilege) as caught:
        run(router, interface(), **router.user("api", "read", "sensitive"))
    assert "needs the policies api, read and write" in str(caught.value)


# --- Transport


def test_nobody_listening_is_told() -> None:
    with pytest.raises(NotConnected, match=r"there is no connection to 127\.0\.0\.1 port 1: "):
        Session(Access("127.0.0.1", "admin", "", port=1, tls=False))


@pytest.mark.simulator(device="its sessions are also those of its users")
def test_a_full_session_table_is_told(reached: Target) -> None:
    reached.fault("sessions-full")
    with pytest.raises(NotConnected, match="may have no free session"):
        Session(access(reached))


def test_a_router_that_speaks_no_tls_is_told(reached: Target) -> None:
    with pytest.raises(NotConnected):
        Session(access(reached, tls=True, timeout=2))


@pytest.mark.simulator("--tls-anonymous", device="whether its TLS has a certificate is up to its owner")
def test_anonymous_tls_is_a_choice_and_not_a_fallback(reached: Target) -> None:
    Session(replace(reached.tls, tls_anonymous=True)).close()
    with pytest.raises(NotConnected, match="tls_anonymous does without a certificate"):
        Session(reached.tls)


# --- Certificates: that of the TLS port is one that nobody vouches for


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flags for a simulator with a certificate of its own."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    made = ["-subj", "/CN=router", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made],
        check=True,
        capture_output=True,
    )
    return ["--tls-certificate", certificate, "--tls-key", key]


@pytest.fixture(params=[SIMULATED, DEVICE])
def secured(request: pytest.FixtureRequest, certificate: list[str]) -> Iterator[Access]:
    """A way in by TLS."""
    with simulated(*certificate) if request.param == SIMULATED else target_of(request, writes=False) as target:
        yield target.tls


@pytest.fixture
def authority(secured: Access, tmp_path: Path) -> str:
    """A file with the certificate that the router shows: it has signed itself."""
    (tmp_path / "shown.pem").write_text(ssl.get_server_certificate((secured.hostname, secured.resolved_port)))
    return str(tmp_path / "shown.pem")


def test_a_certificate_that_nobody_vouches_for_is_refused_with_a_hint(secured: Access) -> None:
    with pytest.raises(NotConnected, match=r"is not trusted: .*ca_path"):
        Session(secured)


def test_a_certificate_is_not_looked_at_when_told_so(secured: Access) -> None:
    Session(replace(secured, validate_certs=False)).close()


def test_a_certificate_of_the_named_authority_is_accepted(
    secured: Access, authority: str, request: pytest.FixtureRequest
) -> None:
    try:
        Session(replace(secured, ca_path=authority)).close()
    except NotConnected as error:
        if "device" in request.node.name and "mismatch" in str(error):
            pytest.skip(f"the device has another name in its certificate: {error}")
        raise


@pytest.mark.simulator(device="it has only the name by which it is reached")
def test_a_certificate_of_another_name_is_refused(secured: Access, authority: str) -> None:
    with pytest.raises(NotConnected, match=r"is not trusted: .*[^.]; have one made with localhost among its"):
        Session(replace(secured, hostname="localhost", ca_path=authority))


def test_a_missing_authority_file_is_told() -> None:
    with pytest.raises(NotConnected, match=r"ca_path=/nowhere/ca\.pem cannot be read"):
        Session(Access("127.0.0.1", "admin", "", ca_path="/nowhere/ca.pem"))
    tried = re.escape(f"ca_path={Path.cwd() / 'nowhere/ca.pem'} cannot be read")
    with pytest.raises(NotConnected, match=tried):
        Session(Access("127.0.0.1", "admin", "", ca_path="nowhere/ca.pem"))


# --- What a router is


@pytest.mark.simulator("--version", "6.49.10", device="it has WireGuard, or nothing else could be tested on it")
def test_a_release_without_wireguard_is_told(reached: Target) -> None:
    with pytest.raises(UnsupportedRelease, match=r"runs RouterOS 6\.49\.10"):
        run(reached, interface())
    assert reached.writes() == []


@pytest.mark.simulator("--version", "6.49.10", device="it has WireGuard, or nothing else could be tested on it")
def test_a_login_that_release_6_refuses_is_told(reached: Target) -> None:
    with pytest.raises(LoginRefused, match=r"refused the user admin: cannot log in; user or password is wrong"):
        Session(access(reached, password="wrong secret"))


@pytest.mark.parametrize("menu", ["/interface/wireguard/peers", "/interface/wireguard", "/ipv6/route"])
@pytest.mark.simulator(device="its packages are not a test's to remove")
def test_a_menu_that_is_lacking_is_told(menu: str) -> None:
    with simulated("--without", menu) as target:
        with pytest.raises(
            Refused, match=rf"refused {menu}(/peers)?/print: no such command prefix; .*has no such menu"
        ):
            run(target, interface())
        assert target.writes() == []
