# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds the menus: defconf, safe mode, scheduler, backup, export and import, client configuration."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client

Start = Callable[..., Simulator]
Connect = Callable[..., Client]


def eventually(check: Callable[[], bool]) -> bool:
    """Wait up to five seconds."""
    deadline = time.monotonic() + 5
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_the_default_firewall_stands_in_its_order(routeros: Start) -> None:
    router = routeros("--defconf")
    rows = router.rows("/ip/firewall/filter")
    assert rows[0]["dynamic"] == "true"
    assert [row["comment"].removeprefix("defconf: ") for row in rows[1:6]] == [
        "accept established,related,untracked",
        "drop invalid",
        "accept ICMP",
        "accept to local loopback (for CAPsMAN)",
        "drop all not coming from LAN",
    ]
    assert len(rows) == 12
    assert [row["interface"] for row in router.rows("/interface/list/member")] == ["bridge", "ether1"]


def test_the_default_lan_may_be_another(routeros: Start) -> None:
    router = routeros("--defconf", "--lan", "10.1.101.1/24")
    assert [row["address"] for row in router.rows("/ip/address")] == ["10.1.101.1/24"]
    assert router.rows("/ip/pool")[0]["ranges"] == "10.1.101.10-10.1.101.254"
    assert "192.168.88" not in str([router.rows(menu) for menu in ("/ip/dhcp-server/network", "/ip/dns/static")])


def test_a_lost_session_takes_its_changes_with_it(routeros: Start, connect: Connect) -> None:
    router = routeros()
    first, second = connect(router), connect(router)
    first.add("/interface/wireguard", name="kept")
    assert first.run("/safe-mode/take").trap is None
    assert second.run("/safe-mode/take").trap == "failure: safe mode is held by another session"
    first.add("/interface/wireguard", name="lost")
    first.run("/interface/wireguard/set", "=.id=kept", "=comment=lost")
    second.add("/interface/wireguard", name="other")
    first.close()
    assert eventually(lambda: [row["name"] for row in router.rows("/interface/wireguard")] == ["kept", "other"])
    assert "comment" not in router.rows("/interface/wireguard")[0]


def test_a_released_safe_mode_keeps_all(routeros: Start, connect: Connect) -> None:
    router = routeros()
    client = connect(router)
    client.run("/safe-mode/take")
    assert client.rows("/safe-mode")[0]["enabled"] == "true"
    client.add("/interface/wireguard", name="kept")
    client.run("/safe-mode/release")
    client.close()
    time.sleep(0.3)
    assert len(router.rows("/interface/wireguard")) == 1


def test_more_than_a_hundred_actions_cannot_be_undone(routeros: Start, connect: Connect) -> None:
    router = routeros()
    client = connect(router)
    client.run("/safe-mode/take")
    for number in range(101):
        client.add("/ip/pool", name=f"p{number}", ranges="10.0.0.1")
    client.close()
    time.sleep(0.3)
    assert len(router.rows("/ip/pool")) == 101


def test_there_is_no_safe_mode_before_7_18(routeros: Start, connect: Connect) -> None:
    assert connect(routeros("--version", "7.17")).run("/safe-mode/take").trap == "no such command prefix"


def test_a_scheduled_backup_brings_the_old_state_back_by_a_restart(routeros: Start, connect: Connect) -> None:
    router = routeros()
    client = connect(router)
    assert client.run("/system/backup/save", "=name=before", "=dont-encrypt=yes").trap is None
    event = '/system backup load name=before password=""'
    policy = "ftp,reboot,read,write,policy,test"
    client.add("/system/scheduler", name="rollback", interval="1s", on_event=event, policy=policy)
    client.add("/interface/wireguard", name="wg0")
    assert eventually(lambda: not router.rows("/interface/wireguard"))
    with pytest.raises((EOFError, ConnectionError)):
        client.rows("/interface/wireguard")
    assert connect(router).rows("/system/scheduler") == []


def test_a_scheduler_entry_may_ask_no_more_than_its_user_has(routeros: Start, connect: Connect) -> None:
    router = routeros("--user", "some:x:full,!sniff")
    client = connect(router, "some", "x")
    assert client.run("/system/scheduler/add", "=name=a").trap == "not enough permissions (9)"
    assert client.run("/system/scheduler/add", "=name=a", "=policy=read,write").trap is None


def test_an_export_is_a_file_that_can_be_read_and_imported(routeros: Start, connect: Connect) -> None:
    router = routeros("--defconf")
    client = connect(router)
    client.add("/interface/wireguard", name="wg0", listen_port="13231", comment='say "hi"')
    client.add("/interface/wireguard/peers", interface="wg0", allowed_address="10.0.0.2/32", comment="a=b; c")
    answer = client.run("/export", "=file=all", "=show-sensitive=")
    assert (answer.rows, answer.ret) == ([], None)
    text = client.rows("/file", "?name=all.rsc")[0]["contents"]
    assert text.startswith("# ")
    assert '/interface wireguard\r\nadd comment="say \\"hi\\"" listen-port=13231 mtu=1420 name=wg0' in text
    read = client.run("/file/read", "=file=all.rsc", "=offset=0", "=chunk-size=32768").rows[0]["data"]
    assert read == text

    other = routeros()
    importer = connect(other)
    importer.add("/file", name="all.rsc", contents=text)
    assert importer.run("/import", "=file-name=all.rsc").trap is None
    for menu in ("/interface/wireguard", "/interface/wireguard/peers", "/ip/firewall/filter", "/interface/list/member"):
        assert other.rows(menu) == router.rows(menu), menu


def test_an_export_hides_secrets_unless_asked(routeros: Start, connect: Connect) -> None:
    router = routeros()
    client = connect(router)
    client.add("/interface/wireguard", name="wg0")
    private = router.rows("/interface/wireguard")[0]["private-key"]
    client.run("/interface/wireguard/export", "=file=a")
    assert private not in client.rows("/file")[0]["contents"]


def test_the_client_configuration_is_wg_quick_text(routeros: Start, connect: Connect) -> None:
    router = routeros("--version", "7.21")
    client = connect(router)
    client.add("/interface/wireguard", name="wg0", listen_port="13231")
    public = router.rows("/interface/wireguard")[0]["public-key"]
    client.add(
        "/interface/wireguard/peers", interface="wg0", allowed_address="10.0.0.2/32", private_key="auto",
        client_address="10.0.0.2/32", client_endpoint="vpn.example", client_keepalive="25",
    )  # fmt: skip
    private = router.rows("/interface/wireguard/peers")[0]["private-key"]
    answer = client.run("/interface/wireguard/peers/show-client-config", "=.id=*1", "=show-sensitive=yes")
    assert answer.rows[0]["conf"] == (
        f"[Interface]\nPrivateKey = {private}\nAddress = 10.0.0.2/32\n\n[Peer]\nPublicKey = {public}\n"
        "AllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = vpn.example:13231\nPersistentKeepalive = 25\n"
    )
    refused = client.run("/interface/wireguard/peers/show-client-config", "=numbers=*1")
    assert refused.trap == "unknown parameter numbers"


def test_version_6_has_no_wireguard(routeros: Start, connect: Connect) -> None:
    client = connect(routeros("--version", "6.49.10"))
    assert client.rows("/system/resource")[0]["version"] == "6.49.10 (stable)"
    assert client.run("/interface/wireguard/print").trap == "no such command prefix"
    assert client.rows("/interface")


def test_a_router_of_release_6_has_no_wireguard(
    routeros: Callable[..., Simulator], connect: Callable[..., Client]
) -> None:
    router = routeros("--version", "6.49.10", "--defconf")
    client = connect(router)
    assert client.rows("/system/resource")[0]["version"] == "6.49.10 (stable)"
    for menu in ("/interface/wireguard", "/interface/wireguard/peers", "/routing/table"):
        assert client.run(f"{menu}/print").trap == "no such command prefix"
    assert client.run("/safe-mode/take").trap == "no such command prefix"
    assert "wg" not in {row["type"] for row in client.rows("/interface")}
    with pytest.raises(PermissionError, match="cannot log in"):
        connect(router, "admin", "wrong")


def test_a_menu_can_be_lacking_as_without_its_package(
    routeros: Callable[..., Simulator], connect: Callable[..., Client]
) -> None:
    router = routeros("--without", "/ipv6", "--without", "/interface/wireguard/peers")
    client = connect(router)
    client.add("/interface/wireguard", name="wg0")
    for menu in ("/ipv6/address", "/ipv6/firewall/filter", "/interface/wireguard/peers"):
        answer = client.run(f"{menu}/print")
        assert (answer.trap, answer.category) == ("no such command prefix", "0")
    assert client.rows("/interface/wireguard")[0]["name"] == "wg0"
    with pytest.raises(ValueError, match="/ipv6/address"):
        router.rows("/ipv6/address")
