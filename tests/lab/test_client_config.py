# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of clients as a playbook makes them, judged by wg-quick, by wg, by a reader of QR codes and by the disk."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.lone_host import LoneHost, lone_host
from ansible_collections.wgfleet.wireguard.tests.lab.networks import as_json, key_pair, wg

ACTION = "wgfleet.wireguard.client_config"
FLEET_SECRET = "canary-secret-of-the-fleet"  # of this test alone
VAULT_PASSWORD = "canary-of-the-vault"  # of this test alone
SERVERS = {"office1": key_pair()[1], "office2": key_pair()[1]}
FORMATS = ["conf", "png", "svg", "rsc"]
CLIENTS = {
    "phone": {"via": ["office1"], "profile": "full", "dns": ["10.255.0.1"], "search": ["corp.example"]},
    "laptop": {"via": ["office1", "office2"], "platform": "windows", "mtu": 1380, "keepalive": 0},
}


def declared() -> dict[str, Any]:
    """A network with two servers, one of them a gateway, and two clients."""
    members = {
        "office1": {"endpoint": "198.51.1.1", "routes": ["10.0.1.0/24"]},
        "office2": {"endpoint": "198.51.2.1", "routes": ["10.0.2.0/24"]},
    }
    network = {
        "pool": ["10.255.0.0/24", "fd66::/64"],
        "members": members,
        "gateways": {"office1": {}},
        "clients": copy.deepcopy(CLIENTS),
    }
    return {"corp": network}


@dataclass
class Office:
    """A controller with a declaration, and a registry as it is when all servers are known."""

    playbooks: Playbooks
    networks: dict[str, Any] = field(default_factory=declared)
    pinned_keys: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=lambda: dict(SERVERS))

    @property
    def directory(self) -> Path:
        return self.playbooks.directory / "clients"

    @property
    def clients(self) -> dict[str, Any]:
        clients: dict[str, Any] = self.networks["corp"]["clients"]
        return clients

    def registry(self) -> dict[str, Any]:
        members = {
            name: {"addresses": [f"10.255.0.{number}/24", f"fd66::{number}/64"], "interface": "corp"}
            for number, name in enumerate(SERVERS, 1)
        }
        for name, key in self.servers.items():
            members[name]["public_key"] = key
        clients = {
            name: {"addresses": [f"10.255.0.{number}/24", f"fd66::{number}/64"]}
            for number, name in enumerate(sorted({*CLIENTS, *self.clients}), 11)
        }
        for name, key in self.pinned_keys.items():
            clients[name]["public_key"] = key
        return {"version": 1, "networks": {"corp": {"members": members, "clients": clients}}}

    def run(self, *flags: str, code: int = 0, environment: dict[str, str] | None = None, **options: Any) -> PlaybookRun:
        """Run the action once."""
        task = {
            "name": "Have the files of all clients",
            ACTION: {
                "networks": "{{ networks }}",
                "registry": "{{ registry }}",
                "directory": str(self.directory),
                **options,
            },
        }
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
        variables = {"networks": self.networks, "registry": self.registry()}
        inventory = {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}, "vars": variables}}
        return self.playbooks.run(play, inventory, arguments=flags, environment=environment, code=code)

    def result(self, *flags: str, **options: Any) -> dict[str, Any]:
        """Run the action once and give what it says."""
        (result,) = self.run(*flags, **options).of("client_config")
        return result

    def path(self, client: str, kind: str) -> Path:
        name = "private.key" if kind == "key" else f"{client}.{kind}"
        return self.directory / "corp" / client / name

    def text(self, client: str, kind: str = "conf") -> str:
        return self.path(client, kind).read_text(encoding="utf-8")

    def files(self) -> set[str]:
        found = (path for path in self.directory.rglob("*") if path.is_file() and path.name != ".wgfleet")
        return {str(path.relative_to(self.directory)) for path in found}

    def secrets(self) -> list[str]:
        """Every private and preshared key in the files."""
        texts = [path.read_bytes().decode("utf-8", "replace") for path in self.directory.rglob("*") if path.is_file()]
        keys = re.findall(
            r"(?:PrivateKey = |PresharedKey = |(?:private|preshared)-key=\")([A-Za-z0-9+/]{43}=)", "\n".join(texts)
        )
        return sorted({*keys, *(text.strip() for text in texts if re.fullmatch(r"[A-Za-z0-9+/]{43}=\n", text))})


@pytest.fixture
def office(playbooks: Playbooks) -> Office:
    return Office(playbooks)


@pytest.fixture(scope="module")
def host() -> Iterator[LoneHost]:
    with lone_host() as made:
        made.userspace("wgclient")
        yield made


def sections(text: str) -> list[dict[str, str]]:
    """A file's sections, each key once."""
    result: list[dict[str, str]] = []
    for line in text.splitlines():
        if line.startswith("["):
            result.append({})
        elif " = " in line:
            key, _equals, value = line.partition(" = ")
            result[-1][key] = ", ".join(filter(None, [result[-1].get(key, ""), value]))
    return result


def test_keys_come_first_and_files_when_the_servers_are_known(office: Office) -> None:
    office.servers = {}
    first = office.result()
    assert office.files() == {"corp/phone/private.key", "corp/laptop/private.key"}
    keys = first["public_keys"]["corp"]
    assert keys == {name: wg("pubkey", text=office.text(name, "key")) for name in CLIENTS}
    assert first["missing"] == [
        "corp/phone: the public key of office1 is not known yet",
        "corp/laptop: the public key of office1 is not known yet",
        "corp/laptop: the public key of office2 is not known yet",
    ]
    office.servers, office.pinned_keys = dict(SERVERS), keys
    second = office.result()
    assert second["missing"] == []
    assert second["public_keys"] == first["public_keys"]
    kinds = ("private.key", "{0}.conf", "{0}.png", "{0}.svg")
    assert office.files() == {f"corp/{name}/{kind.format(name)}" for name in CLIENTS for kind in kinds}
    third = office.result()
    assert (third["changed"], third["writes"], third["steps"]) == (False, 0, [])
    assert {entry["name"]: entry["addresses"] for entry in third["clients"]} == {
        "phone": ["10.255.0.12/32", "fd66::12/128"],
        "laptop": ["10.255.0.11/32", "fd66::11/128"],
    }


def test_a_file_says_what_was_declared(office: Office) -> None:
    office.result()
    interface, peer = sections(office.text("phone"))
    assert interface == {
        "PrivateKey": office.text("phone", "key").strip(),
        "Address": "10.255.0.12/32, fd66::12/128",
        "DNS": "10.255.0.1, corp.example",
    }
    assert peer["PublicKey"] == SERVERS["office1"]
    assert peer["Endpoint"] == "198.51.1.1:51820"
    assert {"0.0.0.0/0", "::/0"} <= set(peer["AllowedIPs"].split(", "))
    interface, first, second = sections(office.text("laptop"))
    assert interface["MTU"] == "1380"
    assert "PersistentKeepalive" not in first
    assert {"10.0.2.0/24", "10.255.0.2/32"} <= set(second["AllowedIPs"].split(", "))
    assert "10.0.1.0/24" in first["AllowedIPs"]


@pytest.mark.parametrize("platform", ["generic", "mobile", "windows", "macos", "linux", "routeros"])
def test_wg_quick_and_wg_take_the_text_for_every_platform(office: Office, host: LoneHost, platform: str) -> None:
    office.networks["corp"]["psk"] = "per_pair"
    office.clients["phone"]["platform"] = platform
    office.result(psk_secret=FLEET_SECRET)
    host.write("/run/judge/wgclient.conf", office.text("phone"))
    script = "cd /run/judge && umask 077 && wg-quick strip ./wgclient.conf >stripped && wg setconf wgclient stripped"
    host.run("bash", "-c", script)
    interface, server = host.run("wg", "show", "wgclient", "dump").stdout.splitlines()
    assert interface.split("\t")[0] == office.text("phone", "key").strip()
    key, psk, endpoint, allowed, *_rest, keepalive = server.split("\t")
    everything = {"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"} if platform == "windows" else {"0.0.0.0/0", "::/0"}
    assert (key, endpoint, keepalive) == (SERVERS["office1"], "198.51.1.1:51820", "25")
    assert psk == sections(office.text("phone"))[1]["PresharedKey"]
    assert everything <= set(allowed.split(","))
    assert {"0.0.0.0/0", "::/0"} - everything == {"0.0.0.0/0", "::/0"} - set(allowed.split(","))
    assert office.path("phone", "rsc").exists() == (platform == "routeros")


def test_wg_quick_refuses_a_file_that_its_owner_has_not_completed(office: Office, host: LoneHost) -> None:
    private, public = key_pair()
    office.clients["phone"]["public_key"] = public
    result = office.result(formats=FORMATS)
    assert result["public_keys"]["corp"]["phone"] == public
    assert {path for path in office.files() if "phone" in path} == {"corp/phone/phone.conf", "corp/phone/phone.rsc"}
    refused = "wg setconf wgclient <(wg-quick strip /run/judge/wgclient.conf)"
    host.write("/run/judge/wgclient.conf", office.text("phone"))
    assert host.run("bash", "-c", refused, check=False).returncode != 0
    completed = re.sub("^PrivateKey =$", f"PrivateKey = {private}", office.text("phone"), flags=re.MULTILINE)
    host.write("/run/judge/wgclient.conf", completed)
    host.run("bash", "-c", refused)
    assert host.run("wg", "show", "wgclient", "public-key").stdout.strip() == public


def decoded(image: Path) -> str:
    """What a reader of QR codes sees in an image."""
    found = subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(image)],
                           capture_output=True, text=True, check=True)  # fmt: skip
    return found.stdout.removesuffix("\n")


def bitmap(rows: list[str], directory: Path, scale: int = 4) -> Path:
    """Write an image of rows of dark (#) and light modules."""
    wide = ["".join("1" if module == "#" else "0" for module in row for _number in range(scale)) for row in rows]
    image = directory / "drawing.pbm"
    lines = [row for row in wide for _number in range(scale)]
    image.write_text(f"P1\n{len(lines[0])} {len(lines)}\n" + "\n".join(lines) + "\n", encoding="ascii")
    return image


def drawn_by_svg(text: str) -> list[str]:
    """The modules of an image, which is one path of horizontal strokes in a square."""
    side = int(int(re.search(r'width="(\d+)"', text)[1]) / int(re.search(r"scale\((\d+)\)", text)[1]))
    rows = [[" "] * side for _number in range(side)]
    column, row = 0, 0.0
    for command, number, more in re.findall(
        r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", re.findall(r' d="([^"]+)"', text)[-1]
    ):
        if command == "h":
            for each in range(column, column + int(number)):
                rows[int(row)][each] = "#"
            column += int(number)
        else:
            relative = command == "m"
            column, row = (column if relative else 0) + int(number), (row if relative else 0) + float(more)
    return ["".join(each) for each in rows]


def drawn_in_terminal(lines: list[str]) -> list[str]:
    """The modules of lines in which each character is two light or dark modules, one above the other."""
    halves = {"█": "  ", "▀": " #", "▄": "# ", " ": "##"}
    return [row for line in lines for row in ("".join(halves[each][half] for each in line) for half in (0, 1))]


def test_a_reader_of_qr_codes_reads_the_very_text(office: Office, tmp_path: Path) -> None:
    office.result()
    for name in CLIENTS:
        text = office.text(name)
        assert decoded(office.path(name, "png")) == text
        assert decoded(bitmap(drawn_by_svg(office.text(name, "svg")), tmp_path)) == text


def test_the_terminals_qr_code_is_that_of_the_file(office: Office, tmp_path: Path) -> None:
    office.result()
    drawing = f"lookup('ansible.builtin.file', '{office.path('phone', 'conf')}') | wgfleet.wireguard.terminal_qr"
    task = {"name": "Show it", "ansible.builtin.debug": {"msg": f"{{{{ {drawing} }}}}"}}
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    run = office.playbooks.run(play, {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}})
    (result,) = run.of("Show it")
    assert decoded(bitmap(drawn_in_terminal(result["msg"]), tmp_path)) == office.text("phone")
    assert result["msg"][3] in run.output


def test_files_are_for_their_owner_alone(office: Office) -> None:
    office.result(formats=FORMATS)
    modes = {path.is_dir(): set() for path in office.directory.rglob("*")}
    for path in [office.directory, *office.directory.rglob("*")]:
        modes[path.is_dir()].add(oct(path.stat().st_mode & 0o7777))
    assert modes == {True: {"0o700"}, False: {"0o600"}}


def test_images_and_scripts_are_the_same_bytes_every_time(office: Office) -> None:
    office.result(formats=FORMATS)
    first = {name: (office.directory / name).read_bytes() for name in office.files()}
    for name in first:
        if not name.endswith("private.key"):
            (office.directory / name).unlink()
    assert office.result(formats=FORMATS)["writes"] == len(first) - len(CLIENTS)
    assert {name: (office.directory / name).read_bytes() for name in office.files()} == first


def test_a_change_writes_the_files_of_that_client_alone(office: Office) -> None:
    office.result()
    key = office.text("phone", "key")
    office.clients["phone"]["dns"] = ["10.255.0.2"]
    result = office.result()
    assert {step["path"] for step in result["steps"]} == {f"corp/phone/phone.{kind}" for kind in ("conf", "png", "svg")}
    assert office.text("phone", "key") == key
    assert office.result()["writes"] == 0


def test_check_mode_announces_what_the_run_does_and_writes_nothing(office: Office) -> None:
    announced = office.result("--check", "--diff")
    assert (announced["changed"], announced["writes"], office.directory.exists()) == (True, 0, False)
    assert office.result()["steps"] == announced["steps"]
    office.clients["phone"]["keepalive"] = 0
    assert [step["path"] for step in office.result("--check")["steps"]] == [
        "corp/phone/phone.conf",
        "corp/phone/phone.png",
        "corp/phone/phone.svg",
    ]
    assert "PersistentKeepalive" in office.text("phone")


def test_a_removed_client_leaves_nothing_and_others_stay_as_they_are(office: Office) -> None:
    office.result()
    kept = {name: (office.directory / name).stat().st_mtime_ns for name in office.files() if "laptop" in name}
    del office.clients["phone"]
    result = office.result()
    assert {name: (office.directory / name).stat().st_mtime_ns for name in office.files()} == kept
    assert not (office.directory / "corp/phone").exists()
    assert {step["do"] for step in result["steps"]} == {"remove", "remove_directory"}


def test_an_expired_client_keeps_its_key_and_can_be_prolonged(office: Office) -> None:
    office.clients["phone"]["expires"] = "2027-01-31"
    office.result(today="2027-01-31")
    text = office.text("phone")
    result = office.result(today="2027-02-01")
    assert {name for name in office.files() if "phone" in name} == {"corp/phone/private.key"}
    assert {entry["name"]: entry["expired"] for entry in result["clients"]} == {"phone": True, "laptop": False}
    office.clients["phone"]["expires"] = "2027-12-31"
    office.result(today="2027-02-01")
    assert office.text("phone") == text


def test_a_declared_private_key_is_used(office: Office) -> None:
    private, public = key_pair()
    office.clients["phone"]["private_key"] = private
    assert office.result()["public_keys"]["corp"]["phone"] == public
    assert sections(office.text("phone"))[0]["PrivateKey"] == private


def test_a_lost_private_key_is_reported_and_the_other_files_stay(office: Office) -> None:
    keys = office.result()["public_keys"]["corp"]
    office.pinned_keys = keys
    office.path("phone", "key").unlink()
    text = office.text("phone")
    result = office.result()
    assert "phone" not in result["public_keys"]["corp"]
    assert len(result["missing"]) == len(result["warnings"]) == 1
    assert "corp/phone: its private key is not in corp/phone/private.key" in result["warnings"][0]
    assert (result["writes"], office.text("phone")) == (0, text)


def test_a_kept_key_that_is_not_the_pinned_one_is_reported_and_not_given_out(office: Office) -> None:
    office.servers = {}
    office.result()
    office.servers, office.pinned_keys = dict(SERVERS), {"phone": key_pair()[1]}
    result = office.result()
    assert "the registry has another public key pinned" in result["warnings"][0]
    assert not office.path("phone", "conf").exists()
    assert office.path("laptop", "conf").exists()


def vault_flags(office: Office, password: str = VAULT_PASSWORD) -> tuple[str, str]:
    file = office.playbooks.directory / "vault-password"
    file.write_text(password, encoding="utf-8")
    return "--vault-password-file", str(file)


def test_encrypted_files_are_vaults_and_a_second_run_is_quiet(office: Office) -> None:
    flags = vault_flags(office)
    office.result(*flags, encrypt=True)
    contents = {name: (office.directory / name).read_bytes() for name in office.files()}
    assert {content.partition(b"\n")[0] for content in contents.values()} == {b"$ANSIBLE_VAULT;1.1;AES256"}
    again = office.result(*flags, encrypt=True)
    assert (again["writes"], {name: (office.directory / name).read_bytes() for name in office.files()}) == (0, contents)
    view = [sys.executable, "-m", "ansible", "vault", "view", *flags, str(office.path("phone", "conf"))]
    seen = subprocess.run(view, capture_output=True, text=True, check=True, cwd=office.playbooks.directory).stdout
    office.result(*flags, encrypt=False)
    assert office.text("phone").strip() == seen.strip()
    assert decoded(office.path("phone", "png")) == office.text("phone")


def test_encryption_without_a_secret_is_one_sentence_before_anything_is_written(office: Office) -> None:
    result = office.result(code=2, encrypt=True)
    assert "this run has no vault secret" in result["msg"]
    assert not office.directory.exists()


def test_encrypted_files_that_no_secret_opens_stay_as_they_are(office: Office) -> None:
    office.result(*vault_flags(office), encrypt=True)
    before = {name: (office.directory / name).read_bytes() for name in office.files()}
    for flags in ((), vault_flags(office, "another one")):
        assert "no vault secret of this run opens it" in office.result(*flags, code=2)["msg"]
    assert {name: (office.directory / name).read_bytes() for name in office.files()} == before


def test_no_secret_is_told_by_any_door(office: Office) -> None:
    private, _public = key_pair()
    office.networks["corp"]["psk"] = "per_pair"
    office.clients["tablet"] = {"via": ["office1"], "private_key": private}
    options: dict[str, Any] = {"psk_secret": FLEET_SECRET, "formats": FORMATS}
    runs = [office.run("-vvvv", "--diff", "--check", **options), office.run("-vvvv", "--diff", **options)]
    made = office.secrets()
    assert private in made
    assert len(made) == 3 + 4  # a private key for each client, a preshared key for each pair
    office.clients["phone"]["mtu"] = 1300
    del office.clients["laptop"]
    runs.append(office.run("-vvvv", "--diff", **options))
    runs.append(office.run("-vvvv", "--diff", encrypt=True, code=2, **options))
    runs.append(office.run("-vvvv", "--diff", *vault_flags(office), encrypt=True, **options))
    canaries = [*made, FLEET_SECRET, VAULT_PASSWORD]
    said = [run.output + as_json([entry.result for entry in run.results]) for run in runs]
    assert [canary for canary in canaries for text in said if canary in text] == []
    assert "corp/phone/phone.conf" in said[2]
    assert not any("█" in text for text in said)


def test_a_short_secret_of_the_fleet_is_refused_without_being_repeated(office: Office) -> None:
    office.networks["corp"]["psk"] = "per_pair"
    run = office.run("-vvvv", code=2, psk_secret="too-short")
    assert "psk_secret: the secret for preshared keys has less than" in run.of("client_config")[0]["msg"]
    assert "too-short" not in run.of("client_config")[0]["msg"]
    assert not office.directory.exists()


def test_a_directory_that_others_use_is_refused_and_left_as_it_is(office: Office) -> None:
    office.directory.mkdir(mode=0o755)
    (office.directory / "letter.txt").write_text("mine", encoding="utf-8")
    message = office.result(code=2)["msg"]
    assert "was not made by wgfleet.wireguard" in message
    assert (oct(office.directory.stat().st_mode & 0o777), office.files()) == ("0o755", {"letter.txt"})


def test_a_file_that_holds_no_key_is_refused_without_being_repeated(office: Office) -> None:
    office.result()
    office.path("phone", "key").write_text("hunter2 is no key\n", encoding="utf-8")
    run = office.run("-vvvv", code=2)
    assert "corp/phone/private.key: what is in this file is no key" in run.of("client_config")[0]["msg"]
    assert "hunter2" not in run.output


def test_a_directory_that_is_nowhere_is_one_sentence(office: Office) -> None:
    missing = office.playbooks.directory / "nowhere" / "clients"
    assert office.result(code=2, directory=str(missing))["msg"].endswith("nowhere: No such file or directory")


def test_a_controller_without_segno_is_told_what_to_install(office: Office, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/segno.py").write_text("raise ImportError('hidden by the test')\n", encoding="utf-8")
    environment = {"PYTHONPATH": str(tmp_path / "hidden")}
    message = office.result(code=2, environment=environment)["msg"]
    assert "run pip install segno" in message
    assert not office.directory.exists()
    assert office.result(environment=environment, formats=["conf"])["changed"]


def test_a_text_too_long_for_a_qr_code_is_written_and_said_to_have_no_image(office: Office) -> None:
    office.clients["laptop"]["networks"] = [f"172.16.{number}.0/24" for number in range(256)]
    result = office.result()
    assert {name for name in office.files() if "laptop" in name} == {
        "corp/laptop/private.key",
        "corp/laptop/laptop.conf",
    }
    (sentence,) = result["warnings"]
    assert re.fullmatch(r"corp/laptop: the text has \d+ bytes, and a QR code holds 2953, so .*", sentence)
    assert office.path("phone", "png").exists()
