# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions over real sockets: login, tags, cancel, listen, latency, TLS, faults."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client, sentence

Start = Callable[..., Simulator]
Connect = Callable[..., Client]


def test_a_wrong_password_leaves_the_connection_open(shared: Simulator, connect: Connect) -> None:
    client = connect(shared, "")
    answer = client.run("/login", "=name=admin", "=password=wrong")
    assert answer.trap == "invalid user name or password (6)"
    assert client.run("/login", "=name=admin", "=password=").trap is None
    assert client.rows("/system/identity") == [{"name": "MikroTik"}]


def test_a_command_before_login_is_fatal(shared: Simulator, connect: Connect) -> None:
    client = connect(shared, "")
    client.send("/system/identity/print")
    assert client.receive() == ["!fatal", "not logged in"]
    with pytest.raises(EOFError):
        client.receive()


def test_quit_is_fatal_with_a_bare_reason(client: Client) -> None:
    client.send("/quit")
    assert client.receive() == ["!fatal", "session terminated on request"]


def test_a_session_survives_a_trap(client: Client) -> None:
    assert client.run("/no/such/print").trap == "no such command prefix"
    assert client.run("/ip/address/fly").category == "0"
    assert client.rows("/system/identity")


def test_no_row_is_told_by_empty_from_7_18_on(routeros: Start, connect: Connect) -> None:
    assert not connect(routeros("--version", "7.17")).run("/ip/address/print").empty
    assert connect(routeros("--version", "7.18")).run("/ip/address/print").empty


def test_tagged_replies_interleave_and_keep_their_order(client: Client) -> None:
    request = sentence("/ip/service/print", "=.proplist=name", ".tag=a") + sentence(
        "/interface/list/print", "=.proplist=name", ".tag=b"
    )
    client.socket.sendall(request)
    replies: dict[str, list[str]] = {".tag=a": [], ".tag=b": []}
    order = []
    while [each[-1] for each in replies.values()] != ["!done", "!done"] if all(replies.values()) else True:
        words = client.receive()
        order.append(words[-1])
        replies[words[-1]].append(words[1] if words[0] == "!re" else words[0])
    assert replies[".tag=b"] == ["=name=all", "=name=none", "=name=dynamic", "=name=static", "!done"]
    assert order[:4] == [".tag=a", ".tag=b", ".tag=a", ".tag=b"]


def test_no_tag_is_sent_that_was_not_asked_for(client: Client) -> None:
    client.send("/system/identity/print")
    assert client.receive() == ["!re", "=name=MikroTik"]
    assert client.receive() == ["!done"]


def test_listen_tells_changes_until_it_is_cancelled(client: Client) -> None:
    client.send("/ip/pool/listen", ".tag=7")
    identity = client_add(client)
    assert client.receive() == ["!re", f"=.id={identity}", "=name=p", "=ranges=10.0.0.1", ".tag=7"]
    assert client.receive() == ["!done", f"=ret={identity}"]
    client.send("/ip/pool/remove", f"=.id={identity}")
    assert client.receive() == ["!re", f"=.id={identity}", "=.dead=true", ".tag=7"]
    assert client.receive() == ["!done"]
    client.send("/cancel", "=tag=7", ".tag=8")
    assert client.receive() == ["!trap", "=category=2", "=message=interrupted", ".tag=7"]
    assert client.receive() == ["!done", ".tag=7"]
    assert client.receive() == ["!done", ".tag=8"]


def client_add(client: Client) -> str:
    """Add a pool while listening and give the id it will get."""
    client.send("/ip/pool/add", "=name=p", "=ranges=10.0.0.1")
    return "*1"


def test_pipelined_requests_wait_once(routeros: Start, connect: Connect) -> None:
    client = connect(routeros("--latency", "100"))
    start = time.monotonic()
    client.socket.sendall(b"".join(sentence("/ip/pool/print", f".tag={number}") for number in range(50)))
    done = 0
    while done < 50:
        done += client.receive()[0] == "!done"
    assert 0.1 <= time.monotonic() - start < 0.5


def test_a_user_sees_only_what_its_policies_grant(routeros: Start, connect: Connect) -> None:
    router = routeros("--user", "all:x:full", "--user", "blind:x:full,!sensitive", "--user", "reader:x:read,!sensitive")
    connect(router, "all", "x").add("/interface/wireguard", name="wg0")
    assert connect(router, "blind", "x").rows("/interface/wireguard")[0]["private-key"] == "*****"
    answer = connect(router, "reader", "x").run("/interface/wireguard/add", "=name=wg1")
    assert answer.trap == "not enough permissions (9)"
    assert len(router.rows("/interface/wireguard")) == 1


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("hidden-secret=absent", None), ("empty-secret=empty", ""), ("empty-secret=stars", "*****")],
)
def test_how_a_hidden_secret_reads_is_a_switch(
    routeros: Start, connect: Connect, switch: str, expected: str | None
) -> None:
    peer = {"/interface/wireguard/peers": [{"interface": "wg0", "allowed-address": "10.0.0.2/32"}]}
    router = routeros(
        "--unconfirmed", switch, "--user", "blind:x:full,!sensitive",
        seed={"/interface/wireguard": [{"name": "wg0"}], **peer},
    )  # fmt: skip
    assert connect(router, "blind", "x").rows("/interface/wireguard/peers")[0].get("preshared-key") == expected


def test_keys_may_be_hidden_until_they_are_asked_for(routeros: Start, connect: Connect) -> None:
    flags = ("--unconfirmed", "secrets-in-print=hidden")
    seed = {"/interface/wireguard": [{"name": "wg0"}]}
    client = connect(routeros("--version", "7.21", *flags, seed=seed))
    assert client.rows("/interface/wireguard")[0]["private-key"] == "*****"
    assert len(client.rows("/interface/wireguard", "=show-sensitive=")[0]["private-key"]) == 44
    older = connect(routeros("--version", "7.20", *flags, seed=seed))
    assert len(older.rows("/interface/wireguard")[0]["private-key"]) == 44
    assert older.run("/interface/wireguard/print", "=show-sensitive=").trap == "unknown parameter show-sensitive"


def test_a_user_without_policy_api_cannot_log_in(routeros: Start, connect: Connect) -> None:
    router = routeros("--user", "nobody:x:full,!api")
    with pytest.raises(PermissionError):
        connect(router, "nobody", "x")


def test_a_full_table_of_sessions_closes_what_comes(routeros: Start, connect: Connect) -> None:
    router = routeros("--fault", "sessions-full")
    with pytest.raises((EOFError, ConnectionError)):
        connect(router)
    router.fault("clear")
    assert connect(router).rows("/system/identity")


def test_the_service_says_how_many_sessions_there_may_be(routeros: Start, connect: Connect) -> None:
    router = routeros()
    first = connect(router)
    first.run("/ip/service/set", "=.id=api", "=max-sessions=1")
    with pytest.raises((EOFError, ConnectionError)):
        connect(router)


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ("cut-before-request=1", False),
        ("cut-after-request=1", True),
        ("cut-after-reply=1", True),
        ("cut-inside-reply=1", True),
    ],
)
def test_a_cut_connection_ends_at_its_sentence(routeros: Start, connect: Connect, fault: str, stored: bool) -> None:
    router = routeros()
    client = connect(router)
    router.fault(fault)
    client.send("/interface/wireguard/add", "=name=wg0")
    if fault == "cut-after-reply=1":
        assert client.receive()[0] == "!done"
    with pytest.raises((EOFError, ConnectionError)):
        client.receive()
    assert bool(router.rows("/interface/wireguard")) is stored
    assert connect(router).rows("/system/identity"), "the router still answers"


def test_the_nth_write_traps_and_stores_nothing(routeros: Start, connect: Connect) -> None:
    router = routeros("--fault", "trap-write=2:failure: disk is full")
    client = connect(router)
    assert [client.run("/interface/wireguard/add", f"=name=wg{n}").trap for n in range(3)] == [
        None,
        "failure: disk is full",
        None,
    ]
    assert [row["name"] for row in router.rows("/interface/wireguard")] == ["wg0", "wg2"]


def test_a_stalled_request_is_never_answered(routeros: Start, connect: Connect) -> None:
    router = routeros("--fault", "stall-request=2")
    client = connect(router)
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.run("/interface/wireguard/add", "=name=wg0")
    assert len(router.rows("/interface/wireguard")) == 1


def test_the_journal_counts_writes_and_holds_no_secret(routeros: Start, connect: Connect) -> None:
    router = routeros("--user", "admin:hunter2:full")
    client = connect(router, "admin", "hunter2")
    client.rows("/ip/address")
    client.run("/interface/wireguard/add", "=name=wg0", "=private-key=" + "A" * 43 + "=")
    assert [entry["path"] for entry in router.journal()] == ["/login", "/ip/address/print", "/interface/wireguard/add"]
    assert router.writes() == ["/interface/wireguard/add"]
    text = router.journal_file.read_text()
    assert "hunter2" not in text
    assert "AAAA" not in text


def test_anonymous_tls_needs_the_anonymous_suites(routeros: Start) -> None:
    router = routeros("--tls-anonymous")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError):
        Client(router.tls_port, context=context)
    context.set_ciphers("ADH:@SECLEVEL=0")
    client = Client(router.tls_port, context=context)
    assert client.rows("/system/identity")
    client.close()


def test_tls_shows_the_certificate(routeros: Start, tmp_path: Path) -> None:
    certificate, key = tmp_path / "router.pem", tmp_path / "router.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=router", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    router = routeros("--tls-certificate", str(certificate), "--tls-key", str(key))
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    client = Client(router.tls_port, context=context)
    assert client.rows("/system/identity")
    client.close()
