# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for routers as Ansible runs them, with the connection said once, and no secret told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import preshared_key, private_key, public_key
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import PASSWORD, Target

PRESHARED, OF_CLIENT = preshared_key().reveal(), private_key().reveal()
PEER = {
    "name": "office2",
    "public_key": str(public_key()),
    "preshared_key": PRESHARED,
    "endpoint_host": "192.0.2.7",
    "endpoint_port": 13231,
    "allowed_ips": ["10.255.255.2/32", "10.1.101.0/24"],
    "responder": True,
    "private_key": OF_CLIENT,
    "comment": "123",
}
INTERFACE = {
    "name": "wg0",
    "listen_port": 13231,
    "addresses": ["10.255.255.1/24", "fd66::1/64"],
    "routes": ["10.1.101.0/24"],
    "comment": "yes",
    "peers": [PEER],
    "purge_peers": True,
}
GATEWAY = {
    "name": "corp",
    "listen_ports": [13231],
    "forward_pairs": [{"local": "10.1.202.0/24", "remote": "10.1.101.0/24", "interface": "wg0"}],
}


def task(module: str, options: dict[str, Any], name: str, **rest: Any) -> dict[str, Any]:
    return {f"wgfleet.wireguard.routeros_{module}": options, "register": name, **rest}


def play(folder: Path, tasks: list[dict[str, Any]], environment: dict[str, str], **rest: Any) -> str:
    """Run tasks on the controller and give all that was said, at the greatest length."""
    names = [each["register"] for each in tasks]
    results = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    save = {"ansible.builtin.copy": {"content": results, "dest": str(folder / "results.json")}, "no_log": True}
    file = folder / "play.yml"
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, save], **rest}]
    file.write_text(yaml.safe_dump(plays), encoding="utf-8")
    done = subprocess.run(
        ["ansible-playbook", "-vvvv", "--diff", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_INJECT_FACT_VARS": "false", **environment},
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout + done.stderr


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def environment(router: Target) -> dict[str, str]:
    user = router.user("api", "read", "write", "sensitive")
    return {
        "ROUTEROS_HOST": "127.0.0.1",
        "ROUTEROS_PORT": str(router.relay.port),
        "ROUTEROS_USERNAME": user["username"],
        "ROUTEROS_PASSWORD": user["password"],
        "ROUTEROS_TLS": "false",
    }


def test_a_check_tells_what_a_run_does_and_a_second_run_does_nothing(
    router: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    said = play(
        tmp_path,
        [
            task("interface", INTERFACE, "checked", check_mode=True),
            task("interface", INTERFACE, "made"),
            task("interface", INTERFACE, "again"),
            task("gateway", GATEWAY, "gateway_checked", check_mode=True),
            task("gateway", GATEWAY, "gateway_made"),
            task("gateway", GATEWAY, "gateway_again"),
            task("peer", {"interface": "wg0", "public_key": PEER["public_key"], "state": "absent"}, "revoked"),
            task("info", {}, "seen"),
        ],
        environment,
    )
    found = results(tmp_path)
    assert found["checked"]["steps"] == found["made"]["steps"]
    assert found["gateway_checked"]["steps"] == found["gateway_made"]["steps"]
    assert (found["checked"]["writes"], found["again"]["changed"], found["again"]["writes"]) == (0, False, 0)
    assert (found["gateway_made"]["changed"], found["gateway_again"]["changed"]) == (True, False)
    assert [step["do"] for step in found["revoked"]["steps"]] == ["remove_peer"]
    counts = {each["name"]: each["peer_count"] for each in found["seen"]["interfaces"]}
    assert (counts["theirs"], counts["wg0"]) == (1, 0)
    [row] = [row for row in router.rows("/interface/wireguard") if row["name"] == "wg0"]
    assert row["public-key"] == found["made"]["interface"]["public_key"]
    for secret in (PRESHARED, OF_CLIENT, PASSWORD, row["private-key"]):
        assert secret not in said


def test_the_connection_is_said_once_for_all_modules(router: Target, tmp_path: Path) -> None:
    user = router.user("api", "read", "write", "sensitive")
    connection = {"hostname": "127.0.0.1", "port": router.relay.port, **user}
    play(
        tmp_path,
        [task("info", {"name": "wg0"}, "seen"), task("gateway", {"name": "corp"}, "gateway")],
        {},
        module_defaults={"group/wgfleet.wireguard.routeros": {**connection, "tls": False}},
    )
    found = results(tmp_path)
    assert ([each["exists"] for each in found["seen"]["interfaces"]], found["gateway"]["changed"]) == ([False], False)


def test_a_password_may_be_in_a_file_and_is_shown_nowhere(
    router: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    kept, empty, binary = (tmp_path / name for name in ("password", "empty", "binary"))
    kept.write_text(environment["ROUTEROS_PASSWORD"] + "\n", encoding="utf-8")
    empty.touch()
    binary.write_bytes(b"\xff\xfe")
    refused = {
        "missing": (tmp_path / "nowhere", "cannot be read: No such file or directory"),
        "empty": (empty, "is empty"),
        "binary": (binary, "is no text in the encoding utf-8"),
    }
    tasks = [
        task("info", {"password_file": str(path)}, name, ignore_errors=True)
        for name, (path, _reason) in refused.items()
    ]
    environment |= {"ROUTEROS_PASSWORD": "", "ROUTEROS_PASSWORD_FILE": str(kept)}
    said = play(tmp_path, [task("info", {}, "seen"), *tasks], environment)
    found = results(tmp_path)
    assert found["seen"]["changed"] is False
    assert PASSWORD not in said
    for name, (path, reason) in refused.items():
        assert found[name]["msg"] == f"password_file: {path} {reason}"


def test_a_refusal_is_one_sentence(router: Target, environment: dict[str, str], tmp_path: Path) -> None:
    refused = [
        task("info", {"password": "{{ lookup('ansible.builtin.env', 'WRONG') }}"}, "login", ignore_errors=True),
        task("interface", {"name": "wg0", "fwmark": "7", "vrf": "a b"}, "options", ignore_errors=True),
        task("peer", {"interface": "wg0", "public_key": PEER["public_key"]}, "missing", ignore_errors=True),
    ]
    said = play(tmp_path, refused, {**environment, "WRONG": "wrong secret"})
    found = results(tmp_path)
    assert found["login"]["msg"].startswith(f"127.0.0.1 port {router.relay.port} refused the user wgfleet-test")
    assert found["options"]["problems"] == [{"place": "vrf", "message": "must be one word of ASCII characters"}]
    assert found["missing"]["msg"].startswith("the interface wg0 does not exist")
    assert "Traceback" not in said
    assert "wrong secret" not in said
    assert router.writes() == []


# --- The interface and its gateway in one call

OPENED = {**INTERFACE, "gateway": {name: value for name, value in GATEWAY.items() if name != "name"}}
UNOPENED = {**INTERFACE, "gateway": {}}
ABSENT = {"name": "wg0", "state": "absent"}


def kinds(result: dict[str, Any]) -> list[str]:
    return [step["do"] for step in result["steps"]]


def exported(router: Target) -> dict[str, Any]:
    menus = ("/interface/wireguard", "/ip/firewall/filter", "/ipv6/firewall/filter", "/ip/address", "/ip/route")
    return {menu: router.rows(menu) for menu in menus}


def test_one_call_makes_the_interface_then_its_openings_and_takes_them_away_in_turn(
    router: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    before = exported(router)
    tasks = [
        task("interface", OPENED, "checked", check_mode=True),
        task("interface", OPENED, "made"),
        task("interface", {"config": json.dumps(OPENED)}, "again"),
        task("interface", INTERFACE, "unset"),
        task("gateway", {**GATEWAY, "name": "wg0"}, "twin"),
        task("interface", UNOPENED, "emptied"),
        task("interface", OPENED, "opened"),
        task("interface", ABSENT, "gone_checked", check_mode=True),
        task("interface", ABSENT, "gone"),
        task("interface", ABSENT, "gone_again"),
    ]
    said = play(tmp_path, tasks, environment)
    found = results(tmp_path)
    assert found["checked"]["steps"] == found["made"]["steps"]
    assert sum(result["writes"] for result in found.values()) == len(router.writes())
    assert (kinds(found["made"])[0], kinds(found["made"])[-1]) == ("create_interface", "add_opening")
    assert found["made"]["diff"]["after"]["gateway"]["openings"]
    for unchanged in ("again", "unset", "twin", "gone_again"):
        assert (found[unchanged]["changed"], found[unchanged]["writes"]) == (False, 0), unchanged
    assert set(kinds(found["emptied"])) == {"remove_opening"}
    assert set(kinds(found["opened"])) == {"add_opening"}
    assert found["gone_checked"]["steps"] == found["gone"]["steps"]
    assert kinds(found["gone"])[0] == "remove_opening"
    assert "remove_interface" in kinds(found["gone"])
    assert exported(router) == before
    assert PRESHARED not in said


def test_what_is_wrong_with_either_is_told_at_once_and_before_any_write(
    router: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    wrong = {"name": "wg0", "mtu": 1, "gateway": {"listen_ports": [0], "masquerade": True}}
    unknown = {
        **OPENED,
        "gateway": {"outbound": [{"source": "10.9.0.0/24", "interface": "wg0", "out_interface": "wan"}]},
    }
    tasks = [
        task("interface", {"config": json.dumps(wrong)}, "wrong", ignore_errors=True),
        task("interface", {"config": json.dumps({"name": "wg0", "gateway": [1]})}, "list", ignore_errors=True),
        task("interface", unknown, "unknown", ignore_errors=True),
    ]
    play(tmp_path, tasks, environment)
    places = {name: [each["place"] for each in result["problems"]] for name, result in results(tmp_path).items()}
    assert places["wrong"] == ["mtu", "gateway.masquerade", "gateway.listen_ports[0]"]
    assert places["list"] == ["gateway"]
    assert places["unknown"][0] == "gateway.outbound[0].out_interface"
    assert router.writes() == []


@pytest.mark.parametrize("uplink", ["pppoe out", "sfp-sfpplus1-wan"])
def test_a_gateway_uses_interfaces_by_any_name_that_a_router_has(
    uplink: str, router: Target, environment: dict[str, str], tmp_path: Path
) -> None:
    router.add("/interface/bridge", name=uplink)
    lets_out = {
        "outbound": [{"source": "10.255.255.0/24", "interface": "wg0", "out_interface": uplink}],
        "proxy_arp": [uplink],
    }
    tasks = [
        task("interface", {**INTERFACE, "gateway": lets_out}, "joined"),
        task("interface", {**INTERFACE, "gateway": lets_out}, "joined_again"),
        task("gateway", {"name": "corp", **lets_out}, "made"),
        task("gateway", {"name": "corp", **lets_out}, "again"),
    ]
    play(tmp_path, tasks, environment)
    found = results(tmp_path)
    assert [name for name, result in found.items() if not result["changed"]] == ["joined_again", "again"]
    assert {row["arp"] for row in router.rows("/interface/bridge") if row["name"] == uplink} == {"proxy-arp"}
    assert uplink in {row.get("out-interface") for row in router.rows("/ip/firewall/nat")}
