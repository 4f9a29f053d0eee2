# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported into AWX says the same as what it calls: playbooks, variables, and the environment of a router."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.wgfleet.wireguard.plugins.doc_fragments._routeros import ModuleDocFragment
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.answers import QUESTIONS, SERVERS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.enrolment import (
    Situation,
    add_client,
    revoke_client,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import PLATFORMS, PROFILES
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import ROUTEROS
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text

ROOT = Path(__file__).resolve().parents[3]
AWX = ROOT / "extensions/awx"
COLLECTION = "wgfleet.wireguard."
# The rules of AWX 24.6.1, into which these files were imported by hand: what its API asks of a survey and of a
# credential type, and what the roles that import them hand on to its modules.
KINDS: dict[str, type] = {"text": str, "textarea": str, "integer": int, "multiplechoice": str}
NEEDED = {"question_name": str, "question_description": str, "variable": str, "type": str, "required": bool}
FIELD_KEYS = {"id", "label", "type", "format", "choices", "help_text", "multiline", "secret", "default"}
KEYS = {
    "controller_credential_types": {"name", "description", "kind", "inputs", "injectors"},
    "controller_execution_environments": {"name", "description", "image"},
    "controller_inventories": {"name", "organization", "variables"},
    "controller_inventory_sources": {
        *("name", "inventory", "organization", "source", "source_project", "source_path"),
        *("overwrite", "overwrite_vars", "update_on_launch"),
    },
    "controller_projects": {
        *("name", "organization", "scm_type", "scm_url", "scm_branch", "scm_update_on_launch"),
        *("default_environment", "update_project", "wait"),
    },
    "controller_templates": {
        *("name", "description", "organization", "project", "playbook", "inventory", "execution_environment"),
        *("credentials", "allow_simultaneous", "survey_enabled", "survey_spec"),
        *("ask_diff_mode_on_launch", "ask_job_type_on_launch", "ask_limit_on_launch"),
    },
}
# One credential serves many routers, and each of them says itself where it is. The password is in a file.
NO_BUSINESS_OF_A_CREDENTIAL = {"ROUTEROS_HOST", "ROUTEROS_PASSWORD"}


class Loader(yaml.SafeLoader):
    """Reads text that Ansible is not to take for a template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def loaded(name: str) -> dict[str, list[dict[str, Any]]]:
    with (AWX / f"{name}.yml").open(encoding="utf-8") as stream:
        data: dict[str, list[dict[str, Any]]] = yaml.load(stream, Loader)  # noqa: S506 # it is the safe one
    return data


OBJECTS = {name: each for path in sorted(AWX.glob("*.yml")) for name, each in loaded(path.stem).items()}
TEMPLATES = {template["name"].partition(": ")[2]: template for template in OBJECTS["controller_templates"]}
SURVEYS = {name: each["survey_spec"]["spec"] for name, each in TEMPLATES.items() if each.get("survey_enabled")}
ENTRIES = {
    "add a road warrior": "add_client",
    "revoke a road warrior": "revoke_client",
    "status": "status",
    "site to site": "main",
}
(CREDENTIAL,) = OBJECTS["controller_credential_types"]


def is_of_its_kind(question: dict[str, Any], answer: Any) -> bool:
    """Whether an answer has the type that AWX wants. Python takes a truth value for a number, and AWX does not."""
    return isinstance(answer, KINDS[question["type"]]) and not isinstance(answer, bool)


def accepted(question: dict[str, Any], answer: Any) -> bool:
    """Whether AWX takes an answer. A limit counts for an answer that is not required, too."""
    if question["type"] == "multiplechoice":
        return answer in question["choices"]
    size = answer if question["type"] == "integer" else len(answer)
    return is_of_its_kind(question, answer) and question["min"] <= size <= question["max"]


def answered(survey: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    """What AWX hands over: the defaults that are answers, and what a person has answered."""
    defaults = {each["variable"]: each["default"] for each in survey if accepted(each, each["default"])}
    return defaults | given


def injected(**inputs: str) -> dict[str, str]:
    """What AWX makes of a credential, with a file for its certificates and one for its password."""
    sandbox = ImmutableSandboxedEnvironment()
    files = {"ca_certificates": "/runner/env/tmp1", "password": "/runner/env/tmp2"}
    names = {**inputs, "tower": {"filename": files}}
    return {name: sandbox.from_string(text).render(names) for name, text in CREDENTIAL["injectors"]["env"].items()}


def role_variables(kind: str) -> dict[str, Any]:
    """The variables of the role that adds a client, of one of its two kinds."""
    data: dict[str, Any] = yaml.safe_load((ROOT / f"roles/wireguard/{kind}/main.yml").read_text(encoding="utf-8"))
    return data


def test_no_variable_of_the_role_looks_like_an_answer() -> None:
    own = [name for kind in ("defaults", "vars") for name in role_variables(kind)]
    assert own
    assert {name for name in own if name.startswith("wireguard_client_")} <= QUESTIONS.keys()


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_playbook_of_a_template_is_in_the_project_and_imports_one_of_ours(name: str) -> None:
    (play,) = yaml.safe_load((AWX / "project" / TEMPLATES[name]["playbook"]).read_text(encoding="utf-8"))
    imported = play["ansible.builtin.import_playbook"]
    assert imported.startswith(COLLECTION)
    playbook = ROOT / f"playbooks/{imported.removeprefix(COLLECTION)}.yml"
    assert playbook.is_file()
    entry = ENTRIES[name]
    assert entry == "main" or f"tasks_from: {entry}\n" in playbook.read_text(encoding="utf-8")


def test_the_project_has_no_playbook_without_a_template_and_names_the_collection() -> None:
    used = {template["playbook"] for template in TEMPLATES.values()}
    assert {path.name for path in (AWX / "project").glob("*.yml")} == used
    wanted = yaml.safe_load((AWX / "project/collections/requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "wgfleet.wireguard"}]}


@pytest.mark.parametrize("name", SURVEYS)
def test_every_question_is_a_variable_that_the_role_describes(name: str) -> None:
    specs = yaml.safe_load((ROOT / "roles/wireguard/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"][ENTRIES[name]]["options"]
    assert {question["variable"] for question in SURVEYS[name]} <= set(options)


def test_who_adds_a_client_is_asked_all_that_is_read_and_in_its_words() -> None:
    asked = {question["variable"]: question["question_name"] for question in SURVEYS["add a road warrior"]}
    assert asked == {variable: question.words for variable, question in QUESTIONS.items()}
    revoked = {question["variable"]: question["question_name"] for question in SURVEYS["revoke a road warrior"]}
    assert revoked.items() <= asked.items()


@pytest.mark.parametrize("name", SURVEYS)
def test_a_survey_is_one_that_awx_takes(name: str) -> None:
    survey = TEMPLATES[name]["survey_spec"]
    assert {key: type(value) for key, value in survey.items()} == {"name": str, "description": str, "spec": list}
    assert len({question["variable"] for question in survey["spec"]}) == len(survey["spec"]) > 0
    for question in survey["spec"]:
        assert {key: type(question[key]) for key in NEEDED} == NEEDED
        assert question["default"] == "" or is_of_its_kind(question, question["default"])
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]
            assert all(isinstance(choice, str) for choice in question["choices"])
        else:
            assert (type(question["min"]), type(question["max"])) == (int, int)


@pytest.mark.parametrize("name", SURVEYS)
def test_a_question_must_be_answered_only_if_its_default_is_no_answer(name: str) -> None:
    """AWX fills in no default of a question that is required: no schedule could start such a template by itself."""
    for question in SURVEYS[name]:
        assert question["required"] is not accepted(question, question["default"]), question["variable"]


def test_a_schedule_can_ask_for_the_status_without_an_answer() -> None:
    assert answered(SURVEYS["status"]) == {"wireguard_output": "table", "wireguard_probe_timeout": 10}


@pytest.mark.parametrize("kind", OBJECTS)
def test_nothing_is_said_of_an_object_that_its_module_does_not_take(kind: str) -> None:
    assert {key for each in OBJECTS[kind] for key in each} <= KEYS[kind]


def test_the_choices_are_those_that_there_are() -> None:
    choices = {each["variable"]: tuple(each["choices"]) for each in SURVEYS["add a road warrior"] if "choices" in each}
    assert choices["wireguard_client_platform"] == PLATFORMS
    assert choices["wireguard_client_profile"] == PROFILES


def office() -> Situation:
    declared = {"corp": {"pool": ["10.0.0.0/24"], "members": {"office1": {"endpoint": "192.0.2.1"}}}}
    return Situation(declared, {}, "clients", {}, Day(2026, 11, 21))


def delivered(answers: dict[str, Any]) -> dict[str, Any]:
    """What reaches a job: AWX writes every answer with a tag, for which ansible-core forgets the quotes since 2.19."""
    written = {name: yaml.safe_dump(text, default_style="'") for name, text in answers.items()}
    read: dict[str, Any] = DataLoader().load("".join(f"!unsafe '{name}': !unsafe {written[name]}" for name in written))
    return {name: each.isoformat() if isinstance(each, date) else each for name, each in read.items()}


def test_answers_mean_the_same_in_the_form_in_which_awx_writes_them() -> None:
    given = answered(
        SURVEYS["add a road warrior"],
        wireguard_client_name="alice-phone",
        wireguard_client_public_key=key_text("alice"),
        wireguard_client_prefixes="10.0.0.0/25\n10.0.0.128/25\n",
        wireguard_client_dns="10.0.0.1, 10.0.0.2",
        wireguard_client_expires="2030-01-31",
    )
    arrived = delivered(given)
    assert {name for name, text in arrived.items() if not isinstance(text, str)} >= {"wireguard_client_change"}
    assert add_client(arrived, office()) == add_client(given, office())


def test_a_name_that_does_not_arrive_as_it_was_typed_is_refused() -> None:
    for name in ("007", "0x1f", "no", "1.5", "null"):
        given = {"wireguard_client_name": name, "wireguard_client_public_key": key_text("alice")}
        with pytest.raises(InvalidInput, match="wireguard_client_name"):
            add_client(delivered(answered(SURVEYS["add a road warrior"], **given)), office())


def test_a_survey_with_its_required_answers_alone_adds_a_client_and_revokes_it() -> None:
    survey = SURVEYS["add a road warrior"]
    given = {"wireguard_client_name": "alice-phone", "wireguard_client_public_key": key_text("alice")}
    assert {question["variable"] for question in survey if question["required"]} == set(given)
    situation = office()
    added = add_client(answered(survey, **given), situation)
    assert (added.client, added.servers) == ("alice-phone", ("office1",))
    name = {"wireguard_client_name": "alice-phone"}
    gone = revoke_client(answered(SURVEYS["revoke a road warrior"], **name), situation._replace(added=added.added))
    assert gone.added == {"corp": {}}
    assert answered(survey)[SERVERS] == ""


def test_a_credential_sets_the_variables_that_the_modules_read() -> None:
    documented = set(re.findall(r"E\((\w+)\)", ModuleDocFragment.DOCUMENTATION))
    read = {option["fallback"][1][0] for option in ROUTEROS.spec.values() if "fallback" in option}
    assert documented == read
    assert set(CREDENTIAL["injectors"]["env"]) == read - NO_BUSINESS_OF_A_CREDENTIAL


def test_the_credential_type_is_one_that_awx_takes() -> None:
    assert CREDENTIAL["kind"] == "cloud"  # with net, AWX would hand the login to all network modules
    assert set(CREDENTIAL["inputs"]) == {"fields", "required"}
    for field in CREDENTIAL["inputs"]["fields"]:
        assert field.keys() <= FIELD_KEYS
        assert (field["type"], type(field.get("default", ""))) == ("string", str)
        assert field["id"].isidentifier() and field["id"] != "tower"
    assert not [name for name in CREDENTIAL["injectors"]["env"] if not name.startswith("ROUTEROS_")]


def test_every_field_of_the_credential_is_used_and_the_password_is_secret() -> None:
    fields = {field["id"]: field for field in CREDENTIAL["inputs"]["fields"]}
    used = set(re.findall(r"\b(?!else|if|tower|filename)[a-z_]+\b", " ".join(injectors().values())))
    assert used == set(fields)
    assert [name for name, field in fields.items() if field.get("secret")] == ["password"]
    assert set(CREDENTIAL["injectors"]) == {"file", "env"}  # extra variables are shown with the job


def injectors() -> dict[str, str]:
    texts: dict[str, str] = CREDENTIAL["injectors"]["env"]
    return texts


def test_fields_that_are_left_empty_leave_the_modules_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in injected(username="ansible", password="made up").items():
        monkeypatch.setenv(name, text)
    result = ArgumentSpecValidator(dict(ROUTEROS.spec)).validate({"hostname": "192.0.2.1"})
    assert result.error_messages == []
    expected = {"port": None, "ca_path": None, "timeout": 30, "tls": True, "tls_anonymous": False}
    assert {name: result.validated_parameters[name] for name in expected} == expected


def test_what_a_form_shows_first_is_the_default_of_the_modules() -> None:
    shown = {field["id"]: field["default"] for field in CREDENTIAL["inputs"]["fields"] if "default" in field}
    assert {name: value == "true" for name, value in shown.items()} == {
        name: ROUTEROS.spec[name]["default"] for name in shown
    }
    assert all(
        field["default"] == field["choices"][0] for field in CREDENTIAL["inputs"]["fields"] if "choices" in field
    )


def test_certificates_and_the_password_are_handed_over_as_files() -> None:
    given = injected(username="a", password="made up", ca_certificates="PEM")
    assert (given["ROUTEROS_CA_PATH"], given["ROUTEROS_PASSWORD_FILE"]) == ("/runner/env/tmp1", "/runner/env/tmp2")
    assert "made up" not in str(given)
    files = {f"template.{name}": f"{{{{ {name} }}}}" for name in ("password", "ca_certificates")}
    assert CREDENTIAL["injectors"]["file"] == files


def test_what_the_objects_name_is_among_them() -> None:
    names = {kind: {each["name"] for each in objects} for kind, objects in OBJECTS.items()}
    for template in TEMPLATES.values():
        assert template["project"] in names["controller_projects"]
        assert template["inventory"] in names["controller_inventories"]
        assert template["execution_environment"] in names["controller_execution_environments"]
    (source,) = OBJECTS["controller_inventory_sources"]
    assert source["source_project"] in names["controller_projects"]
    assert source["inventory"] in names["controller_inventories"]


def test_jobs_that_write_do_not_run_at_once() -> None:
    assert {name for name, template in TEMPLATES.items() if template["allow_simultaneous"]} == {"status"}
