# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules for routers say as they leave: one JSON object with one sentence, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import preshared_key, private_key, public_key
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import Target, simulated
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import COLLECTIONS

RUN_MODULE = CHECKOUT / "tests/tools/run_module.py"


def said(router: Target, module: str, **options: Any) -> dict[str, Any]:
    """Run a module and give its result, whatever that is."""
    access = router.access
    way = {"hostname": access.hostname, "port": access.port, "username": access.username, "password": access.password}
    arguments = {**way, "tls": False, "timeout": 30, **options}
    done = subprocess.run(
        [sys.executable, str(RUN_MODULE), f"ansible_collections.wgfleet.wireguard.plugins.modules.routeros_{module}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def refusal(router: Target, module: str, **options: Any) -> str:
    """Give the sentence with which a module fails, before which it writes nothing."""
    written = len(router.writes())
    result = said(router, module, **options)
    assert result.get("failed"), result
    assert len(router.writes()) == written
    message: str = result["msg"]
    assert "\n" not in message
    return message


# --- The way in


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("encoding", "foo", "encoding: there is no encoding 'foo'"),
        ("encoding", "base64", "encoding: there is no encoding 'base64' of text"),
        ("encoding", "utf-16", "encoding: 'utf-16' does not leave ASCII as it is"),
        ("hostname", "a..b", "hostname: 'a..b' is no name of a host"),
        ("hostname", "x" * 70 + ".example", "hostname: "),
        ("hostname", "", "hostname: is empty"),
        ("timeout", 0, "timeout: must be 1 second or more, not 0"),
        ("timeout", -1, "timeout: must be 1 second or more, not -1"),
        ("port", 70000, "port: must be from 1 to 65535, not 70000"),
    ],
)
def test_an_option_of_the_connection_that_cannot_be_is_named(
    reached: Target, option: str, value: object, told: str
) -> None:
    assert refusal(reached, "info", **{option: value}).startswith(told)


def test_a_user_who_cannot_be_said_in_the_encoding_is_told(reached: Target) -> None:
    message = refusal(reached, "info", encoding="ascii", username="jürgen", password="geheim")
    assert message == "username: has characters that the encoding ascii has not"


def test_text_that_cannot_be_said_in_the_encoding_is_told_before_any_write(router: Target) -> None:
    peers = [{"public_key": str(public_key()), "name": "jürgen", "allowed_ips": ["10.0.0.2/32"]}]
    result = said(router, "interface", name="wg0", encoding="ascii", comment="grün", peers=peers)
    assert [each["place"] for each in result["problems"]] == ["comment", "peers[0].name"]
    assert router.writes() == []


def test_tls_that_nobody_speaks_is_told(reached: Target) -> None:
    message = refusal(reached, "info", tls=True, timeout=2)
    assert message.startswith(f"127.0.0.1 port {reached.relay.port} ") or "there is no connection" in message


def test_a_certificate_that_nobody_vouches_for_is_told(reached: Target) -> None:
    way = reached.tls
    assert "is not trusted" in refusal(reached, "info", hostname=way.hostname, port=way.port, tls=True)


def test_a_user_without_the_policy_api_is_told(router: Target) -> None:
    assert "policies api, read, write" in refusal(router, "info", **router.user("read", "write"))


@pytest.mark.simulator("--version", "6.49.10", device="it has WireGuard, or nothing else could be tested on it")
def test_a_release_without_wireguard_is_told(reached: Target) -> None:
    assert "runs RouterOS 6.49.10" in refusal(reached, "interface", name="wg0")


def test_a_menu_that_is_lacking_is_told() -> None:
    with simulated("--without", "/interface/wireguard/peers") as target:
        assert "has no such menu" in refusal(target, "interface", name="wg0")


@pytest.mark.simulator(device="nobody else works on it")
def test_a_row_that_vanished_is_told(router: Target) -> None:
    said(router, "interface", name="wg0")
    router.fault("trap-write=1:no such item")
    result = said(router, "interface", name="wg0", mtu=1380)
    assert result["failed"]
    assert "someone else has removed it meanwhile, so run again" in result["msg"]


# --- Time


@pytest.mark.simulator(device="it cannot be told to be slow")
def test_a_router_that_is_slower_than_the_timeout_is_told_and_one_that_is_not_is_waited_for(router: Target) -> None:
    router.fault("slow=1500")
    assert "there was no answer in time" in refusal(router, "info", timeout=1)
    router.fault("slow=50")
    assert "failed" not in said(router, "interface", name="wg0", timeout=20)


# --- What a user may not see


def warnings(result: dict[str, Any]) -> list[str]:
    return [each if isinstance(each, str) else each["event"]["msg"] for each in result.get("warnings", [])]


def test_a_key_that_is_pinned_is_held_against_the_public_one_where_the_private_one_is_hidden(router: Target) -> None:
    said(router, "interface", name="wg0")
    blind = router.user("api", "read", "write")
    pinned = public_key()
    message = refusal(router, "interface", name="wg0", expected_public_key=str(pinned), **blind)
    assert f"{pinned} is pinned for it" in message


def test_a_key_that_is_given_and_pinned_and_that_the_router_has_not_is_told(router: Target) -> None:
    said(router, "interface", name="wg0", private_key=private_key().reveal())
    given = "mJvXGdmW9WbyMxZNyZ2o3nDZ9zTpzQXhVPr7NXxVrG8="
    other = said(router, "interface", name="wg0", private_key=given)["interface"]["public_key"]
    said(router, "interface", name="wg0", private_key=private_key().reveal())
    blind = router.user("api", "read", "write")
    message = refusal(router, "interface", name="wg0", private_key=given, expected_public_key=other, **blind)
    assert f"{other} is pinned for it" in message
    assert "may not see" in message


def test_a_key_that_is_given_and_that_the_router_has_not_is_warned_of(router: Target) -> None:
    mine = private_key().reveal()
    said(router, "interface", name="wg0", private_key=mine)
    blind = router.user("api", "read", "write")
    assert warnings(said(router, "interface", name="wg0", private_key=mine, **blind)) == []
    [warning] = warnings(said(router, "interface", name="wg0", private_key=private_key().reveal(), **blind))
    assert "private_key" in warning
    assert "sensitive" in warning


def test_a_preshared_key_that_could_not_be_compared_is_warned_of(router: Target) -> None:
    peer = {"public_key": str(public_key()), "allowed_ips": ["10.0.0.2/32"], "preshared_key": preshared_key().reveal()}
    said(router, "interface", name="wg0", peers=[peer])
    assert warnings(said(router, "interface", name="wg0", peers=[peer])) == []
    blind = router.user("api", "read", "write")
    [warning] = warnings(said(router, "interface", name="wg0", peers=[peer], **blind))
    assert "preshared_key" in warning
    assert "sensitive" in warning
    del peer["preshared_key"]
    assert warnings(said(router, "peer", interface="wg0", **peer, **blind)) == []


# --- Whether it runs


def test_an_interface_that_is_enabled_and_does_not_run_is_warned_of(router: Target) -> None:
    if router.simulator is None and router.release:
        pytest.skip("not on a device: what it does about two interfaces on one port is an open question")
    result = said(router, "interface", name="wg0", listen_port=999)  # as that of theirs
    assert result["interface"]["running"] is False
    [warning] = warnings(result)
    assert warning == "wg0 is enabled and does not run: another interface may have its port 999 (listen_port)"
    result = said(router, "interface", name="wg0", listen_port=998)
    assert (result["interface"]["running"], warnings(result)) == (True, [])
    assert warnings(said(router, "interface", name="wg0", enabled=False)) == []
    [seen] = said(router, "info", name="wg0")["interfaces"]
    assert (seen["enabled"], seen["running"]) == (False, False)


# --- Names that routers allow


@pytest.mark.parametrize("name", ["wireguard-to-headquarters", "wire guard"])
def test_an_interface_may_have_any_name_that_a_router_allows(router: Target, name: str) -> None:
    try:
        assert said(router, "interface", name=name, routes=["10.1.0.0/16"])["changed"]
        assert said(router, "interface", name=name, routes=["10.1.0.0/16"])["changed"] is False
        [seen] = said(router, "info", name=name)["interfaces"]
        assert (seen["exists"], seen["routes"]) == (True, ["10.1.0.0/16"])
    finally:
        said(router, "interface", name=name, state="absent")
    assert name not in {row["name"] for row in router.rows("/interface")}


@pytest.mark.parametrize("name", ["", " wg0", "a,b", "10.0.0.1", "*7", "a%b", "x" * 65])
def test_a_name_that_could_be_taken_for_something_else_is_refused(router: Target, name: str) -> None:
    assert refusal(router, "interface", name=name).startswith("name: ")


# --- Few prints


def test_all_interfaces_are_read_with_one_print_of_each_menu(router: Target) -> None:
    said(router, "interface", name="wg0")
    seen = len(router.relay.asked)
    names = {each["name"] for each in said(router, "info")["interfaces"]}
    assert {"wg0", "theirs"} <= names
    asked = router.relay.asked[seen:]
    assert len(set(asked)) == len(asked)
