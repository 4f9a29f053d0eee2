# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between us and a router: a clear error or the right result, and never a secret."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend import RouterosBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.console import Console
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway import RouterosGateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.session import (
    Access,
    Command,
    Session,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import UnsupportedRelease
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.desired import DesiredInterface, DesiredPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    ConnectionLost,
    DeviceError,
    InvalidInput,
    LoginRefused,
    NoPrivilege,
    NotConnected,
    Refused,
    WrongKind,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import HIDDEN, Property
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.openings import plan_openings, read_access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import converge
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    interface,
    peer,
    preshared_key,
    private_key,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import (
    KEYS,
    access,
    backend,
    foreign,
    run,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator

# --- Login and transport


def test_a_wrong_password_is_told_and_not_repeated(router: Simulator) -> None:
    with pytest.raises(LoginRefused, match="refused the user ansible: invalid user name or password") as caught:
        Session(access(router, username="ansible", password="wrong secret"))
    assert "wrong secret" not in str(caught.value)


def test_a_user_without_the_policy_api_is_told_so() -> None:
    with simulator("--user", "weak::read,write,!api") as running, pytest.raises((LoginRefused, NoPrivilege)) as caught:
        Session(access(running, username="weak"))
    assert "policies api, read, write" in str(caught.value)


def test_a_user_who_may_not_write_is_told_so() -> None:
    with simulator("--user", "reader::api,read,sensitive") as running, pytest.raises(NoPrivilege) as caught:
        run(running, interface(), username="reader")
    assert "needs the policies api, read and write" in str(caught.value)


def test_nobody_listening_is_told() -> None:
    with pytest.raises(NotConnected, match=r"there is no connection to 127\.0\.0\.1 port 1: "):
        Session(Access("127.0.0.1", "admin", "", port=1, tls=False))


def test_a_full_session_table_is_told(router: Simulator) -> None:
    router.fault("sessions-full")
    with pytest.raises(NotConnected, match="may have no free session"):
        Session(access(router))


def test_a_router_that_speaks_no_tls_is_told(router: Simulator) -> None:
    with pytest.raises(NotConnected):
        Session(access(router, tls=True, timeout=2))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    subject = ["-subj", "/CN=router", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    return tmp_path


@contextlib.contextmanager
def with_certificate(folder: Path) -> Iterator[Access]:
    flags = ["--tls-certificate", str(folder / "certificate.pem"), "--tls-key", str(folder / "key.pem")]
    with simulator(*flags) as running:
        yield Access("127.0.0.1", "admin", "", port=running.tls_port, timeout=5)


def test_a_certificate_that_nobody_vouches_for_is_refused_with_a_hint(certificate: Path) -> None:
    with with_certificate(certificate) as wanted, pytest.raises(NotConnected, match=r"is not trusted: .*ca_path"):
        Session(wanted)


def test_a_certificate_of_the_named_authority_is_accepted(certificate: Path) -> None:
    with with_certificate(certificate) as wanted:
        Session(replace(wanted, ca_path=str(certificate / "certificate.pem"))).close()


def test_a_certificate_is_not_looked_at_when_told_so(certificate: Path) -> None:
    with with_certificate(certificate) as wanted:
        Session(replace(wanted, validate_certs=False)).close()


def test_a_certificate_of_another_name_is_refused(certificate: Path) -> None:
    with with_certificate(certificate) as wanted, pytest.raises(NotConnected, match="is not trusted"):
        Session(replace(wanted, hostname="localhost", ca_path=str(certificate / "certificate.pem")))


def test_a_missing_authority_file_is_told() -> None:
    with pytest.raises(NotConnected, match=r"ca_path=/nowhere/ca\.pem cannot be read"):
        Session(Access("127.0.0.1", "admin", "", ca_path="/nowhere/ca.pem"))


def test_anonymous_tls_is_a_choice_and_not_a_fallback() -> None:
    with simulator("--tls-anonymous") as running:
        wanted = Access("127.0.0.1", "admin", "", port=running.tls_port, timeout=5)
        Session(replace(wanted, tls_anonymous=True)).close()
        with pytest.raises(NotConnected, match="tls_anonymous does without a certificate"):
            Session(wanted)


# --- What a router is, and what someone else did to it


def test_a_release_without_wireguard_is_told(router: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Session.run

    def as_release_6(self: Session, *arguments: Any, **options: Any) -> Any:
        replies = original(self, *arguments, **options)
        for reply in replies:
            for row in reply.rows:
                row["version"] = "6.49.10 (long-term)"
        return replies

    monkeypatch.setattr(Session, "run", as_release_6)
    with pytest.raises(UnsupportedRelease, match=r"runs RouterOS 6\.49\.10"):
        run(router, interface())
    assert router.writes() == []


def test_an_unknown_menu_is_told(router: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.backend.PEERS", "/no/such/menu"
    )
    with pytest.raises(Refused, match=r"/no/such/menu/print: .*has no such menu"):
        run(router, interface())
    assert router.writes() == []


def test_what_the_release_does_not_know_is_refused_before_the_first_write() -> None:
    wanted = replace(interface(peer("10.0.0.2/32")), properties=frozenset({Property("vrf", "customer")}))
    with simulator("--version", "7.20.1") as running:
        with pytest.raises(InvalidInput, match=r"vrf: needs RouterOS 7\.21 or newer, and this router runs 7\.20"):
            run(running, wanted)
        assert running.writes() == []


@pytest.mark.parametrize("field", [{"fwmark": 7}, {"persist": "wg_quick"}])
def test_what_no_router_knows_is_refused_before_the_first_write(router: Simulator, field: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="is not known to this device"):
        run(router, interface(**field))
    assert router.writes() == []


def test_an_interface_of_another_kind_is_left_alone(router: Simulator) -> None:
    with pytest.raises(WrongKind, match="ether1 exists and is no WireGuard interface"):
        run(router, replace(interface(), name="ether1"))
    assert router.writes() == []


@pytest.mark.parametrize("comment", ["yes", "no", "true", "123", "00", "=x=y", "a: b; c", "ünï ☃", "*****"])
def test_a_comment_is_kept_as_it_is(router: Simulator, comment: str) -> None:
    label = frozenset({Property("comment", comment)})
    wanted = replace(interface(peer("10.0.0.2/32", name=comment, properties=label)), properties=label)
    run(router, wanted)
    assert run(router, wanted).steps == ()
    assert [row["comment"] for row in router.rows("/interface/wireguard") if row["name"] == "wg0"] == [comment]


def test_secrets_that_the_user_may_not_see_are_never_a_difference() -> None:
    with simulator("--user", "admin::full", "--user", "blind::full,!sensitive") as running:
        first = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
        run(running, first)
        other = first.peers[0]._replace(preshared_key=preshared_key())
        wanted = replace(first, private_key=private_key(), peers=(other,))
        assert run(running, wanted, username="blind").steps == ()
        changed = run(running, replace(wanted, mtu=1380), username="blind")
        assert (changed.observed.private_key, changed.writes) == (HIDDEN, 1)
        assert not any("*" in row["private-key"] for row in running.rows("/interface/wireguard"))


def test_keys_that_the_router_hides_by_default_are_compared_all_the_same() -> None:
    with simulator("--version", "7.22.2", "--unconfirmed", "secrets-in-print=hidden") as running:
        wanted = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
        run(running, wanted)
        assert run(running, wanted).steps == ()
        assert len(run(running, replace(wanted, private_key=private_key())).steps) == 1


def test_a_peer_that_exists_with_other_values_is_changed_in_place(router: Simulator) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.7:1000", persistent_keepalive=25)
    run(router, interface(known))
    before = {row["public-key"]: row[".id"] for row in router.rows("/interface/wireguard/peers")}
    run(router, DesiredInterface("wg0", peers=(known._replace(endpoint=None, persistent_keepalive=0),)))
    [row] = [row for row in router.rows("/interface/wireguard/peers") if row["public-key"] == str(known.public_key)]
    assert (row[".id"], row["endpoint-address"]) == (before[str(known.public_key)], "")


@pytest.mark.parametrize("destination", ["10.77.0.0/16", "0.0.0.0/0"])
def test_a_route_that_would_share_its_traffic_with_anothers_is_refused(router: Simulator, destination: str) -> None:
    router.order(seed={"/ip/route": [{"gateway": "192.0.2.254"}]})
    with pytest.raises(DeviceError, match=rf"in the place of ours: {destination} by 192\.0\.2\.254; .*route_metric"):
        run(router, interface(routes=routes(destination)))
    assert router.writes() == []
    run(router, interface(routes=routes(destination, metric=5)))


def test_a_refused_write_is_told_without_what_looks_like_a_key(router: Simulator) -> None:
    wanted = interface(peer("10.0.0.2/32", preshared_key=preshared_key()))
    key = wanted.peers[0].preshared_key.reveal()  # type: ignore[union-attr]  # it has one
    router.fault(f"trap-write=2:bad value {key}")
    with pytest.raises(Refused, match=r"peers/add: bad value \(hidden\)"):
        run(router, wanted)
    run(router, wanted)
    assert run(router, wanted).steps == ()


def test_a_router_that_stops_answering_is_told_in_time(router: Simulator) -> None:
    router.fault("stall-request=4")
    with pytest.raises(ConnectionLost, match="there was no answer in time; what was done until then stays"):
        run(router, interface(), timeout=1)


def test_a_prefix_leaves_one_peer_before_another_gets_it() -> None:
    with simulator("--unconfirmed", "allowed-overlap=refuse") as running:
        one, two = peer("10.1.0.0/16", "10.0.0.2/32"), peer("10.0.0.3/32")
        first = interface(two, one)  # so that the one that gains is printed first
        run(running, first)
        moved = (peer("10.1.0.0/16", "10.0.0.3/32", key=two.public_key), peer("10.0.0.2/32", key=one.public_key))
        run(running, replace(first, peers=moved))
        assert run(running, replace(first, peers=moved)).steps == ()


def test_nothing_is_left_of_an_interface(router: Simulator) -> None:
    before = foreign(router)
    run(router, interface(peer("10.0.0.2/32"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16")))
    router.order(seed={"/interface/list": [{"name": "VPN"}]})
    gateway_steps(router, {"list_members": [{"list": "VPN", "interface": "wg0"}]})
    run(router, DesiredInterface("wg0", present=False))
    assert foreign(router) == before


def test_a_row_that_vanished_before_its_removal_is_no_error(router: Simulator) -> None:
    going = peer("10.0.0.2/32")
    run(router, interface(going))
    with backend(router) as one, backend(router) as other:
        seen = one.read()
        run_steps(other, DesiredInterface("wg0", present=False))
        assert seen.exists
        from_plan(one, DesiredInterface("wg0", peers=(DesiredPeer(going.public_key, present=False),)))
    assert [row["name"] for row in router.rows("/interface/wireguard")] == ["theirs"]


def test_a_row_that_vanished_before_its_change_is_told(router: Simulator) -> None:
    known = peer("10.0.0.2/32")
    run(router, interface(known))
    with backend(router) as one, backend(router) as other:
        one.read()
        run_steps(other, DesiredInterface("wg0", peers=(DesiredPeer(known.public_key, present=False),)))
        with pytest.raises(Refused, match="someone else has removed it meanwhile, so run again"):
            from_plan(one, DesiredInterface("wg0", peers=(known._replace(persistent_keepalive=9),)))


def run_steps(opened: RouterosBackend, desired: DesiredInterface) -> None:
    converge(opened, desired, KEYS, check_mode=False)


def from_plan(opened: RouterosBackend, desired: DesiredInterface) -> None:
    """Apply by what was read before, and not by what is."""
    opened.apply(plan(opened._observed, desired, opened.files))


def test_disabled_addresses_and_routes_are_enabled_and_not_added_again(router: Simulator) -> None:
    wanted = interface(addresses=addresses("10.0.0.1/24", "fd00::1/64"), routes=routes("10.1.0.0/16"))
    run(router, wanted)
    before = {menu: static_ids(router, menu) for menu in ("/ip/address", "/ipv6/address", "/ip/route")}
    with contextlib.closing(Session(access(router))) as session:
        for menu, ids in before.items():
            session.run([Command(menu + "/disable", [(".id", each)]) for each in ids])
    assert {type(step).__name__ for step in run(router, wanted).steps} == {"AddAddress", "AddRoute"}
    assert {menu: static_ids(router, menu) for menu in before} == before
    assert run(router, wanted).steps == ()


def static_ids(router: Simulator, menu: str) -> list[str]:
    rows = [row for row in router.rows(menu) if "wg0" in {row.get("interface"), row.get("gateway")}]
    return [row[".id"] for row in rows if row.get("dynamic") != "true"]


# --- Few round trips


def test_a_run_that_changes_nothing_logs_in_once_and_prints_each_menu_once(router: Simulator) -> None:
    wanted = interface(peer("10.0.0.2/32"), addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16"))
    run(router, wanted)
    seen = len(router.journal())
    assert run(router, wanted).writes == 0
    paths = [entry["path"] for entry in router.journal()[seen:]]
    assert paths[0] == "/login"
    assert all(path.endswith("/print") for path in paths[1:])
    assert len(set(paths)) == len(paths)


def test_writes_do_not_wait_for_each_other() -> None:
    with simulator("--latency", "50") as running:
        start = time.monotonic()
        run(running, interface(*(peer(f"10.0.{number}.0/24") for number in range(200))), timeout=30)
        assert time.monotonic() - start < 0.05 * 40


# --- The firewall


def gateway_steps(router: Simulator, options: dict[str, Any], name: str = "corp") -> list[str]:
    with contextlib.closing(RouterosGateway(name, Console(Session(access(router))))) as opened:
        steps = plan_openings(opened.read(), name, read_access(options), opened.wall_of)
        opened.apply(steps)
    return [type(step).__name__ for step in steps]


def chain(router: Simulator, menu: str, name: str) -> list[str]:
    return [row.get("comment", "") for row in router.rows(menu) if row["chain"] == name]


OPTIONS = {
    "listen_ports": [13231],
    "forward_pairs": [{"local": "192.168.88.0/24", "remote": "10.1.0.0/16"}],
    "list_members": [{"list": "LAN", "interface": "ether2"}],
}


def test_the_default_firewall_is_opened_where_it_would_drop_and_closed_again() -> None:
    with simulator("--defconf") as running:
        before = {menu: running.rows(menu) for menu in ("/ip/firewall/filter", "/ipv6/firewall/filter")}
        gateway_steps(running, OPTIONS)
        inputs = chain(running, "/ip/firewall/filter", "input")
        assert inputs.index("wgfleet corp: udp 13231") == inputs.index("defconf: drop all not coming from LAN") - 1
        forward = chain(running, "/ip/firewall/filter", "forward")
        wall = forward.index("defconf: drop all from WAN not DSTNATed")
        assert all(each.startswith("wgfleet corp: ") for each in forward[wall - 2 : wall])
        assert forward[0].startswith("special dummy rule")
        assert gateway_steps(running, OPTIONS) == []
        assert set(gateway_steps(running, {})) == {"RemoveOpening", "RemoveMember"}
        assert {menu: running.rows(menu) for menu in before} == before


def test_a_rule_that_someone_moved_is_moved_back_and_keeps_its_id() -> None:
    with simulator("--defconf") as running:
        gateway_steps(running, OPTIONS)
        order = [row[".id"] for row in running.rows("/ip/firewall/filter")]
        [ours] = [row[".id"] for row in running.rows("/ip/firewall/filter") if "udp 13231" in row.get("comment", "")]
        with contextlib.closing(Session(access(running))) as session:
            session.run([Command("/ip/firewall/filter/move", [("numbers", ours)])])
        assert [row[".id"] for row in running.rows("/ip/firewall/filter")] != order
        assert gateway_steps(running, OPTIONS) == ["MoveOpening"]
        assert [row[".id"] for row in running.rows("/ip/firewall/filter")] == order


def test_two_users_of_a_firewall_do_not_touch_each_other() -> None:
    with simulator("--defconf") as running:
        gateway_steps(running, OPTIONS)
        gateway_steps(running, {"listen_ports": [13231]}, "home")
        gateway_steps(running, {}, "home")
        assert gateway_steps(running, OPTIONS) == []
