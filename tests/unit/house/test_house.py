# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the repository that no other tool checks."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify

ROOT = Path(__file__).resolve().parents[3]
CORE = ROOT / "plugins" / "module_utils" / "_core"
TARGET_CODE = [
    path for folder in ("module_utils", "modules") for path in sorted((ROOT / "plugins" / folder).rglob("*.py"))
]
CORE_PACKAGE = "ansible_collections.wgfleet.wireguard.plugins.module_utils._core"


def load(path: str) -> dict[str, object]:
    content = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def imported_modules(source: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or ".")
    return modules


def test_an_action_group_names_the_modules_that_share_the_options_of_its_name() -> None:
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "plugins" / "modules").glob("*.py")}
    groups = load("meta/runtime.yml")["action_groups"]
    assert "linux" in groups
    for group, members in groups.items():
        assert set(members) == {name for name, text in sources.items() if f"- wgfleet.wireguard._{group}\n" in text}


def test_requires_ansible_has_a_lower_bound_only() -> None:
    assert re.fullmatch(r">=\d+\.\d+\.\d+", str(load("meta/runtime.yml")["requires_ansible"]))


def test_sanity_has_no_ignore_file() -> None:
    assert not list((ROOT / "tests").glob("sanity/*ignore*"))


def test_the_collection_depends_on_no_other() -> None:
    assert load("galaxy.yml")["dependencies"] == {}


@pytest.mark.parametrize("fragment", sorted((ROOT / "changelogs" / "fragments").iterdir()), ids=lambda path: path.name)
def test_a_changelog_fragment_has_known_sections(fragment: Path) -> None:
    config = load("changelogs/config.yaml")
    known = {name for name, _title in config["sections"]} | {
        config["prelude_section_name"],
        config["trivial_section_name"],
    }
    assert fragment.suffix in {".yml", ".yaml"}
    assert set(load(str(fragment.relative_to(ROOT)))) <= known


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "tests").glob("*.in")))
def test_every_tool_is_pinned_and_locked(name: str) -> None:
    direct = [line for line in (ROOT / f"tests/{name}.in").read_text().splitlines() if line and line[0] != "#"]
    locked = (ROOT / f"tests/{name}.txt").read_text().lower().splitlines()
    assert [line for line in direct if "==" not in line or line.lower() not in locked] == []


@pytest.mark.parametrize("source", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_the_standard_library_only(source: Path) -> None:
    foreign = {name for name in imported_modules(source) if not name.startswith(CORE_PACKAGE)}
    assert {name for name in foreign if name.split(".")[0] not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("source", TARGET_CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_for_targets_is_python_3_8(source: Path) -> None:
    ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_only_the_runner_ends_a_module() -> None:
    enders = {
        path.name for path in (ROOT / "plugins").rglob("*.py") if re.search(r"\.(fail|exit)_json\(", path.read_text())
    }
    assert enders <= {"runner.py"}


def test_file_names_say_what_is_in_them() -> None:
    vague = {"utils", "common", "helpers", "misc", "base"}
    folders = (ROOT / "plugins", ROOT / "roles", ROOT / "tests")
    assert [path for folder in folders for path in folder.rglob("*.py") if path.stem.strip("_") in vague] == []


@pytest.mark.parametrize("role", sorted((ROOT / "roles").iterdir()), ids=lambda path: path.name)
def test_a_role_has_what_galaxy_wants(role: Path) -> None:
    wanted = {"README.md", "meta/main.yml", "meta/argument_specs.yml"}
    assert {name for name in wanted if not (role / name).is_file()} == set()


@pytest.mark.parametrize("role", sorted((ROOT / "roles").iterdir()), ids=lambda path: path.name)
def test_no_two_tasks_of_a_role_have_one_name(role: Path) -> None:
    tasks = [task for path in role.glob("tasks/**/*.yml") for task in yaml.safe_load(path.read_text(encoding="utf-8"))]
    names = [task["name"] for task in tasks if "ansible.builtin.import_tasks" not in task]  # it is never shown
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("role", ["site_to_site", "roadwarrior", "vpn_gateway"])
def test_an_entry_takes_every_variable_of_the_role_that_does_the_work(role: str) -> None:
    inner, entry = (
        load(f"roles/{name}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        for name in ("wireguard", role)
    )
    assert {name: option["type"] for name, option in entry.items()} == {
        name: option["type"] for name, option in inner.items()
    }


def test_the_declaration_in_the_readme_is_valid() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    declarations = [data for data in map(yaml.safe_load, blocks) if "wireguard_networks" in data]
    assert len(declarations) == 1
    assert verify(declarations[0]["wireguard_networks"], ["office1", "office2", "branch"]) == []
