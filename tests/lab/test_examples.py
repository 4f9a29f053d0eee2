# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of modules and plugins run as they stand, and return what is documented.

Those for routers speak to a simulated one at the address that they name, by TLS: it and the controller are in a network
of their own.
"""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT, Lab, PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, dumped, star_fleet, star_network, wg
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import simulator

PLUGINS = "ansible_collections.wgfleet.wireguard.plugins"
NAMES = sorted(path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py"))
MODULES = [name for name in NAMES if not name.startswith("routeros_")]
ROUTEROS_MODULES = [name for name in NAMES if name.startswith("routeros_")]
HOSTS = ("office1", "office2")
ROUTER, PASSWORD = "192.168.88.1", "canary-of-the-routers"


def documented(module: str, part: str, kind: str = "modules") -> Any:
    return yaml.safe_load(getattr(importlib.import_module(f"{PLUGINS}.{kind}.{module}"), part))


@pytest.fixture
def fleet(lab: Callable[..., Lab], tmp_path: Path) -> Fleet:
    built = star_fleet(lab, tmp_path, *HOSTS)
    built.lab.run("office1", ["mkdir", "-p", "/etc/wireguard"])
    return built


# What has to be there before the examples of a module, out of the examples of another: its name, and how many.
SETTINGS = {
    "client_config": ("registry", 1),
    "linux_info": ("linux_peer", 2),
    "linux_split_tunnel": ("linux_interface", 2),
    "routeros_gateway": ("routeros_interface", 1),
    "routeros_info": ("routeros_interface", 1),
    "routeros_split_tunnel": ("routeros_interface", 1),
}
STATISTICS = "2|apnic|20261101|1|19830613|20261101|+1000\napnic|NZ|ipv4|203.0.113.0|256|20100101|allocated\n"


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_as_they_stand_and_return_what_is_documented(fleet: Fleet, module: str, tmp_path: Path) -> None:
    examples = documented(module, "EXAMPLES")
    networks = star_network(*HOSTS)
    networks["corp"]["clients"] = {"alice-phone": {"via": ["office1"], "profile": "split"}}
    variables = {"wireguard_networks": networks, "vaulted_secret_of_the_fleet": "made up for this very test"}
    inventory = fleet.lab.inventory("office1", **variables)
    fleet.lab.run("office1", ["tee", "/srv/delegated-apnic-latest"], input=STATISTICS)
    vault = tmp_path / "vault"
    vault.write_text("made up, too", encoding="utf-8")
    other, count = SETTINGS.get(module, (module, 0))
    play = [{"hosts": "all", "gather_facts": False, "tasks": documented(other, "EXAMPLES")[:count] + examples}]
    run = fleet.playbooks.run(play, inventory, arguments=("--vault-password-file", str(vault)))
    assert [entry.status for entry in run.results] == ["ok"] * len(play[0]["tasks"])
    returned_what_is_documented(run, module)


def returned_what_is_documented(run: PlaybookRun, module: str) -> None:
    own = [entry for entry in run.results if entry.action == f"wgfleet.wireguard.{module}"]
    assert own
    always = {name for name, value in documented(module, "RETURN").items() if value["returned"] == "success"}
    for entry in own:
        assert always <= entry.result.keys()


@pytest.fixture
def near_router(lab: Callable[..., Lab], tmp_path: Path) -> Iterator[Playbooks]:
    """Playbooks that run where a router has the address of the examples, and a certificate of an authority of ours."""
    (files := tmp_path / "files").mkdir()
    key, certificate = str(tmp_path / "key.pem"), str(files / "our-ca.pem")
    made = ["-subj", "/CN=router", "-addext", f"subjectAltName=IP:{ROUTER}", "-keyout", key, "-out", certificate]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *made]
    subprocess.run(request, check=True, capture_output=True)
    (files / "delegated-apnic-latest").write_text(STATISTICS, encoding="utf-8")
    built = lab({"hosts": {"network": {}}, "links": []})
    built.run("network", ["ip", "address", "add", f"{ROUTER}/32", "dev", "lo"])
    network = ("nsenter", f"--net=/run/netns/{built.netns('network')}", "--")
    shown = 'mount --bind "$0" /etc/ssl && mount --bind "$0" /srv && exec "$@"'
    flags = ["--address", ROUTER, "--tls-port", "8729", "--tls-certificate", certificate, "--tls-key", key]
    with simulator(*flags, "--defconf", "--user", f"ansible:{PASSWORD}:full", prefix=network):
        yield Playbooks(tmp_path, (*network, "unshare", "--mount", "sh", "-c", shown, str(files)))


@pytest.mark.parametrize("module", ROUTEROS_MODULES)
def test_examples_for_routers_run_as_they_stand_and_return_what_is_documented(
    near_router: Playbooks, module: str
) -> None:
    other, count = SETTINGS.get(module, (module, 0))
    examples = documented(other, "EXAMPLES")[:count] + documented(module, "EXAMPLES")
    tasks = [example for example in examples if "hosts" not in example]
    plays = [example for example in examples if "hosts" in example]
    variables = {
        "ansible_host": ROUTER,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "vault_routeros_password": PASSWORD,
    }
    inventory = {"all": {"children": {"routers": {"hosts": {"router1": variables}}}}}
    run = near_router.run(
        [{"hosts": "routers", "gather_facts": False, "tasks": tasks}, *plays],
        inventory,
        environment={"ROUTEROS_CA_PATH": "/etc/ssl/our-ca.pem"},
    )
    expected = len(tasks) + sum(len(play["tasks"]) for play in plays)
    assert [entry.status for entry in run.results] == ["ok"] * expected
    assert PASSWORD not in run.output
    returned_what_is_documented(run, module)


# What the examples of the other plugins are to show, by plugin; the fleet has run with its client before.
PROVEN: dict[tuple[str, str], Callable[[Fleet, PlaybookRun], bool]] = {
    ("filter", "disagreement"): lambda _fleet, run: run.results[0].status == "ok",
    ("filter", "host_config"): lambda _fleet, run: run.results[0].result["msg"][0]["interface"]["name"] == "wg0",
    ("filter", "link_table"): lambda _fleet, run: "office2" in str(run.of("Print the links")[0]["msg"]),
    ("filter", "public_key"): lambda _fleet, run: run.results[0].result["msg"] == wg("pubkey", text=PRIVATE_KEY),
    ("filter", "run_notes"): lambda _fleet, run: run.results[1].result["msg"] == [],
    ("filter", "subtract_networks"): lambda _fleet, run: "11.0.0.0/8" in run.results[0].result["msg"],
    ("filter", "terminal_qr"): lambda _fleet, run: "\u2588" in str(run.results[0].result["msg"]),
    ("filter", "verify"): lambda _fleet, run: run.results[0].status == "ok",
    ("filter", "with_clients"): lambda _fleet, run: "bob-laptop" in run.results[0].result["msg"],
    ("filter", "wg_quick"): lambda fleet, _run: (
        f"PrivateKey = {PRIVATE_KEY}" in fleet.lab.run("office1", ["cat", "/etc/wireguard/wg0.conf"]).stdout
    ),
    ("lookup", "psk"): lambda fleet, _run: (
        len(dumped(fleet.lab, "office1")[fleet.pinned("office2")["public_key"]]["preshared_key"]) == len(PRIVATE_KEY)
    ),
}
PRIVATE_KEY = "cJgs3vZ9hE9zs5QVLTt5IJtXHjYcFBfnjXmsqZfRSGM="


@pytest.fixture(scope="module")
def built(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A fleet with a network and a client, from which examples of plugins begin."""
    fleet = star_fleet(module_lab, tmp_path_factory.mktemp("plugins"), *HOSTS)
    fleet.networks["corp"]["clients"] = {"alice-phone": {"via": ["office1"], "profile": "split"}}
    fleet.run(play="roadwarrior")
    return fleet


def test_the_examples_of_all_plugins_are_run() -> None:
    kinds = ("filter", "lookup")
    assert set(PROVEN) == {(kind, path.stem) for kind in kinds for path in CHECKOUT.glob(f"plugins/{kind}/*.py")}


@pytest.mark.parametrize(("kind", "name"), PROVEN, ids=lambda word: word)
def test_examples_of_a_plugin_run_as_they_stand(built: Fleet, kind: str, name: str) -> None:
    directory = built.playbooks.directory
    pinned = {host: built.pinned(host)["public_key"] for host in HOSTS}
    variables = {
        "wireguard_networks": built.networks,
        "vaulted_private_key": PRIVATE_KEY,
        "vaulted_secret": "made up for this very test",
        **{f"public_key_of_{host}": key for host, key in pinned.items()},
    }
    (directory / "wg0.conf").write_text(f"[Interface]\nPrivateKey = {PRIVATE_KEY}\n", encoding="utf-8")
    added = {"version": 1, "networks": {"corp": {"clients": {"bob-laptop": {"via": ["office1"]}}}}}
    (directory / "inventory/wireguard_clients.yml").write_text(yaml.safe_dump(added), encoding="utf-8")
    hosts = "all" if name == "link_table" else "office1"
    play = [{"hosts": hosts, "gather_facts": False, "tasks": documented(name, "EXAMPLES", kind)}]
    run = built.playbooks.run(play, built.lab.inventory(*HOSTS, **variables))
    assert {entry.status for entry in run.results} == {"ok"}
    assert PROVEN[kind, name](built, run)


def test_the_inventory_of_the_connection_reaches_the_host_of_a_lab(built: Fleet) -> None:
    examples = importlib.import_module(f"{PLUGINS}.connection.netns").EXAMPLES
    inventory = yaml.safe_load(examples.replace("demo-office1", built.lab.netns("office1")))
    play = [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.command": "ip address show wan"}]}]
    run = built.playbooks.run(play, inventory)
    assert "198.51.1.1" in run.results[0].result["stdout"]
