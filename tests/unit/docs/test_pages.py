# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages and the README tell people to type: declarations are valid, plays parse, commands exist.

A block that no rule here judges fails, so that nobody writes one which is not tested.
"""

from __future__ import annotations

import configparser
import re
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible.plugins.doc_fragments import default_callback

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.catalogue import menus

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs/docsite/rst").glob("*.rst"))]
COLLECTION = "wgfleet.wireguard."
OF_ANSIBLE = {"ansible_connection", "ansible_host", "ansible_network_os", "ansible_python_interpreter", "ansible_user"}
OF_OTHERS = {"infra.aap_configuration.dispatch", "infra.controller_configuration.dispatch"}


class Block(NamedTuple):
    """A block of a page."""

    page: str
    line: int
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        pattern = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
    else:
        pattern = re.compile(r"^\.\. code-block:: (\w+)\n\n(.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
    return [
        Block(page.name, text.count("\n", 0, found.start()) + 1, found[1], textwrap.dedent(found[2]))
        for found in pattern.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks(page)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}:{block.line}")
def test_what_a_page_tells_to_type_can_be_typed(block: Block) -> None:
    JUDGES[block.language](block)


def test_every_page_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    listed = [page for section in sections for page in section["toctree"]]
    assert sorted(listed) == sorted(page.stem for page in PAGES if page.suffix == ".rst")


def stages() -> dict[str, list[str]]:
    """The stages that there are, and those of ./dev test by the name of their list."""
    script = (ROOT / "dev").read_text(encoding="utf-8")
    of_test = dict(re.findall(r"^(test_stages|background_stages)=\((.*?)\)", script, re.MULTILINE))
    assert len(of_test) == 2
    return {
        "all": [*re.findall(r"^stage_(\w+)\(\)", script, re.MULTILINE), "test"],
        **{name: words.split() for name, words in of_test.items()},
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_stage_that_a_page_names_exists(page: Path) -> None:
    """In blocks and in sentences."""
    named = re.findall(r"\./dev ((?:[a-z]+ ?)+)", page.read_text(encoding="utf-8"))
    calls = [call.split() for call in named]
    told = {name for call in calls for name in (call[:1] if call[0] == "pytest" else call)}
    assert told - set(stages()["all"]) == set()


def test_the_table_of_stages_has_those_of_the_tests_and_no_other() -> None:
    named = first_cells("stage", "dev_architecture.rst")
    assert sorted(named) == sorted(stages()["test_stages"] + stages()["background_stages"])


def judge_yaml(block: Block) -> None:
    data = yaml.safe_load(block.text)
    if isinstance(data, list):
        judge_plays(data)
        return
    if set(data) == {"all"}:
        judge_inventory(data["all"])
        return
    networks = data.pop("wireguard_networks", None)
    if networks is not None:
        assert verify(networks) == []
    assert set(data) <= documented_variables() | OF_ANSIBLE


def judge_inventory(group: dict[str, Any]) -> None:
    """Its variables are a role's, or Ansible's, or are read by the playbooks that scenarios share."""
    shared = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "molecule/shared").rglob("*.yml"))
    of_scenarios = set(re.findall(r"\b[a-z_]+\b", "".join(re.findall(r"{{.*?}}|when: .*", shared))))
    assert set(group) <= {"hosts", "children", "vars"}
    for variables in [group.get("vars") or {}, *(group.get("hosts") or {}).values()]:
        assert set(variables or {}) <= documented_variables() | OF_ANSIBLE | of_scenarios
    for child in (group.get("children") or {}).values():
        judge_inventory(child)


def judge_plays(plays: list[dict[str, Any]]) -> None:
    names = {path.stem for folder in ("modules", "action") for path in (ROOT / "plugins" / folder).glob("*.py")}
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    for play in plays:
        for task in play.get("tasks", [play] if "hosts" not in play else []):
            modules = [key.removeprefix(COLLECTION) for key in task if key.startswith(COLLECTION)]
            assert modules and set(modules) <= names
        used = {(role["role"] if isinstance(role, dict) else role) for role in play.get("roles", [])}
        assert {role.removeprefix(COLLECTION) for role in used - OF_OTHERS} <= roles
        if used & OF_OTHERS:
            judge_import_into_awx(play)


def judge_import_into_awx(play: dict[str, Any]) -> None:
    """All files that AWX takes are named, and what is given besides is theirs, or credentials that they lack."""
    files = {f"awx/{path.name}": path.read_text(encoding="utf-8") for path in (ROOT / "extensions/awx").glob("*.yml")}
    assert set(play["vars_files"]) == set(files)
    known = set(re.findall(r"wireguard_awx_\w+", "".join(files.values())))
    needed = set(re.findall(r"{{ (wireguard_awx_\w+) }}", "".join(files.values())))
    assert needed <= set(play["vars"]) <= known | {"controller_credentials"}
    credentials = {each["name"]: each for each in play["vars"]["controller_credentials"]}
    assert list(credentials) == play["vars"]["wireguard_awx_credentials"]
    (router,) = [each for each in credentials.values() if each["credential_type"] == "RouterOS"]
    (fields,) = re.findall(r"required: \[(.*)\]", files["awx/credential_types.yml"])
    assert list(router["inputs"]) == fields.split(", ")


def documented_variables() -> set[str]:
    specs = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    return {name for spec in specs for entry in spec["argument_specs"].values() for name in entry.get("options") or {}}


def judge_console(block: Block) -> None:
    """Lines without a prompt are what a command printed."""
    typed = [line[2:] for line in block.text.splitlines() if line.startswith(("$ ", "# "))]
    assert typed and block.text.startswith(("$ ", "# "))
    for line in typed:
        words = shlex.split(line, comments=True)
        variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
        command, *arguments = [word for word in words if word not in variables]
        COMMANDS[command](arguments)


def first_cells(heading: str, page: str = "guide_playbooks.rst") -> list[str]:
    """What the first column of a page's table names."""
    text = (ROOT / "docs/docsite/rst" / page).read_text(encoding="utf-8")
    (table,) = re.findall(rf"   \* - {heading}\n(.*?)\n\n(?! )", text, re.DOTALL)
    rows = re.findall(r"^   \* - (.*)", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"``(\w+)``", row)]


OF_PLAYBOOKS = {"wireguard_hosts", "output"}  # and of no role


def test_the_table_of_playbooks_has_each_and_that_of_variables_none_that_there_is_not() -> None:
    playbooks = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")}
    assert sorted(first_cells("playbook")) == sorted(playbooks)
    variables = set(first_cells("variable"))
    assert OF_PLAYBOOKS <= variables <= documented_variables() | OF_PLAYBOOKS
    deaf = {name for name, text in playbooks.items() if "{{ wireguard_hosts | default('all') }}" not in text}
    assert deaf == {"demo"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_that_runs_a_playbook_says_how_to_run_it_on_fewer_hosts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if any("ansible-playbook" in block.text for block in blocks(page)):
        assert "wireguard_hosts" in text
        assert "guide_playbooks" in text


@pytest.mark.parametrize("page", ["README.md", "docs/docsite/rst/guide_quickstart.rst"])
def test_a_page_installs_from_the_repository_that_galaxy_names(page: str) -> None:
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    assert re.findall(r"git\+([^\s`]+)", (ROOT / page).read_text(encoding="utf-8")) == [f"{repository}.git"]


def judge_ini(block: Block) -> None:
    """Settings of ansible.cfg are those of the callback that is Ansible's own."""
    parser = configparser.ConfigParser()
    parser.read_string(block.text)
    options = yaml.safe_load(default_callback.ModuleDocFragment.DOCUMENTATION)["options"].values()
    known = {(place["section"], place["key"]) for option in options for place in option.get("ini", [])}
    assert {(section, key) for section in parser.sections() for key in parser[section]} <= known


def judge_playbook_call(arguments: list[str]) -> None:
    playbooks = [word.removeprefix(COLLECTION) for word in arguments if word.startswith(COLLECTION)]
    assert playbooks and all((ROOT / f"playbooks/{name}.yml").is_file() for name in playbooks)
    given = [arguments[index + 1] for index, word in enumerate(arguments) if word in ("-e", "--extra-vars")]
    assert {each.partition("=")[0] for each in given} <= documented_variables() | OF_PLAYBOOKS


def judge_dev(arguments: list[str]) -> None:
    if arguments[0] == "pytest":
        judge_pytest(arguments)
        return
    script = (ROOT / "dev").read_text(encoding="utf-8")
    stages = [word for word in arguments if not word.startswith("-")]
    assert stages and all(stage == "test" or f"\nstage_{stage}()" in script for stage in stages)
    assert all(word in script for word in arguments)


def judge_pytest(arguments: list[str]) -> None:
    paths = [word.partition("::")[0] for word in arguments if word.startswith("tests/")]
    assert paths and all((ROOT / path).exists() for path in paths)


def judge_copy(arguments: list[str]) -> None:
    """What is copied is in the archive that users install."""
    source = arguments[-2].partition("ansible_collections/wgfleet/wireguard/")[2]
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    assert (ROOT / source).exists() and source not in ignored


def judge_molecule(arguments: list[str]) -> None:
    scenario = arguments[arguments.index("--scenario-name") + 1]
    assert (ROOT / f"molecule/{scenario}/molecule.yml").is_file()


def judge_program(arguments: list[str]) -> None:
    scripts = [word for word in arguments if word.startswith("tests/")]
    modules = [word.partition(".tests.")[2].replace(".", "/") for word in arguments if ".tests." in word]
    assert all((ROOT / path).exists() for path in scripts + [f"tests/{module}.py" for module in modules])


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "ansible-playbook": judge_playbook_call,
    "ansible-galaxy": judge_program,
    "ansible-doc": judge_program,
    "pip": judge_program,
    "./dev": judge_dev,
    "cd": judge_program,
    "cp": judge_copy,
    "mkdir": judge_program,
    "molecule": judge_molecule,
    "pytest": judge_pytest,
    "python": judge_program,
    "scp": judge_program,
    "exit": judge_program,
    "export": judge_program,
}


def judge_text(block: Block) -> None:
    """Lines for a router's console name menus that the simulated router has; other text is a drawing or a rule."""
    known = {*menus(Profile("7.22.2", {})), *OF_ROUTERS_ALONE}
    for line in block.text.splitlines():
        if line.startswith("/") and " " in line:
            path = line.split()
            menu = "/".join(word.strip("/") for word in path[: next(i for i, word in enumerate(path) if word in VERBS)])
            assert f"/{menu}" in known, f"no menu of the simulated router: /{menu}"


VERBS = ("add", "set", "remove", "print", "export", "import", "sign", "export-certificate")
OF_ROUTERS_ALONE = {"/certificate"}  # the simulated router has no certificates but those that it is started with

JUDGES: dict[str, Callable[[Block], None]] = {
    "yaml": judge_yaml,
    "console": judge_console,
    "text": judge_text,
    "ini": judge_ini,
}
