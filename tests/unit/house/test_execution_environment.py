# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment with this collection gets: ansible-builder says it, and the README says the same.

Builder reads meta/execution-environment.yml of a collection that is in an image. What makes an image of nothing is
extensions/execution_environment: that very file is tried where it stands. No image is built, for which there would have
to be a registry of images.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
META = ("execution-environment.yml", "ee-requirements.txt", "ee-bindep.txt")
IMAGE = "registry.example.org/debian:12"
PYTHON = ["PyNaCl>=1.5.0", "librouteros>=4.0.0", "pyroute2>=0.6.9", "segno>=1.5.2"]
SYSTEM = [
    "iproute2 [platform:dpkg]", "iproute [platform:rpm]", "util-linux",
    "openssh-client [platform:dpkg]", "openssh-clients [platform:rpm]",
]  # fmt: skip
DEFINITION = ROOT / "extensions/execution_environment/execution-environment.yml"


@pytest.fixture
def collections(tmp_path: Path) -> Path:
    """Collections as an image has them, of which ours has nothing but what builder reads."""
    meta = tmp_path / "collections/ansible_collections/wgfleet/wireguard/meta"
    meta.mkdir(parents=True)
    for name in META:
        shutil.copy(ROOT / "meta" / name, meta)
    shutil.copy(ROOT / "galaxy.yml", meta.parent)  # by which builder knows that this is a collection
    return tmp_path / "collections"


def build(command: str, *arguments: str, at: Path) -> str:
    done = subprocess.run(["ansible-builder", command, *arguments], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def create(*arguments: str, at: Path) -> None:
    """Make a context; unless told, builder names its file after the container program that it finds."""
    build("create", "--output-filename", "Containerfile", *arguments, at=at)


def bare(lines: list[str]) -> list[str]:
    """Requirements without the word on whose they are, or comments."""
    return [text for line in lines if (text := line.partition("#")[0].strip())]


def test_an_image_with_the_collection_gets_what_it_needs(collections: Path) -> None:
    found: dict[str, Any] = yaml.safe_load(build("introspect", str(collections), at=collections))
    assert {name: bare(lines) for name, lines in found.items()} == {"python": PYTHON, "system": SYSTEM}


def test_a_definition_that_names_the_collection_becomes_a_context(tmp_path: Path) -> None:
    names = {"collections": [{"name": "wgfleet.wireguard"}]}
    definition = {"version": 3, "images": {"base_image": {"name": IMAGE}}, "dependencies": {"galaxy": names}}
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    create(at=tmp_path)
    containerfile = (tmp_path / "context/Containerfile").read_text(encoding="utf-8")
    assert f'ARG EE_BASE_IMAGE="{IMAGE}"' in containerfile
    assert "ansible-galaxy collection install" in containerfile
    assert (
        "introspect.py introspect --write-bindep=/tmp/src/bindep.txt --write-pip=/tmp/src/requirements.txt"
        in containerfile
    )
    assert yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text(encoding="utf-8")) == names


def test_the_definition_that_we_hand_out_becomes_a_context_where_it_stands(tmp_path: Path) -> None:
    create("--context", str(tmp_path), at=DEFINITION.parent)
    for name, lines in (("requirements.txt", PYTHON), ("bindep.txt", SYSTEM)):
        assert bare((tmp_path / "_build" / name).read_text(encoding="utf-8").splitlines()) == lines
    containerfile = (tmp_path / "Containerfile").read_text(encoding="utf-8")
    wanted = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["dependencies"]
    assert f'ARG PYPKG="{wanted["python_interpreter"]["package_system"]}"' in containerfile
    assert "ARG ANSIBLE_INSTALL_REFS=" in containerfile
    assert all(wanted[name]["package_pip"] in containerfile for name in ("ansible_core", "ansible_runner"))


def test_the_definition_asks_for_an_ansible_core_that_the_collection_takes() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    wanted = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["dependencies"]["ansible_core"]["package_pip"]
    assert f"{wanted}.0" == f"ansible-core{runtime}"


def test_bindep_understands_what_a_system_needs() -> None:
    command = ["bindep", "-f", str(ROOT / "meta/ee-bindep.txt"), "--list_all", "newline"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    dpkg, rpm = ["iproute2", "util-linux", "openssh-client"], ["iproute", "util-linux", "openssh-clients"]
    assert listed in (dpkg, rpm, ["util-linux"])  # by the platform


def test_the_readme_names_every_library() -> None:
    (requirements,) = re.findall(r"## Requirements\n(.*?)\n## ", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert [line for line in PYTHON if line.partition(">=")[0] not in requirements] == []
    assert "pyroute2 0.6.9 or newer" in " ".join(requirements.split())
