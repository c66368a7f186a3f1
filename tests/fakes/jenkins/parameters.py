"""Parameters of jobs: what is asked (`hudson.model.*ParameterDefinition`) and what was given (`*ParameterValue`)."""

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tests.fakes.jenkins.config import unsealed
from tests.fakes.jenkins.stapler import Bean, Refused, Request, exported

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins

PROPERTY = "hudson.model.ParametersDefinitionProperty"


class Value(Bean):
    """`hudson.model.ParameterValue`; passwords and files do not say their value."""

    visibility = 3
    shown = "****"

    def __init__(self, name: str, value: object) -> None:
        self.name, self.value = name, value

    @exported("name")
    def get_name(self) -> str:
        return self.name

    @property
    def identity(self) -> tuple[str, str, object]:
        """What `equals` compares: the queue takes two builds with equal values for one."""
        return self.java, self.name, self.value

    @property
    def description(self) -> str:
        """`getShortDescription`, which the queue shows as `params`."""
        return f"{self.name}={self.shown}"


class OpenValue(Value):
    """A value that is told: `StringParameterValue` and others."""

    @exported("value", 4)
    def get_value(self) -> object:
        return self.value

    @property
    def description(self) -> str:
        return f"{self.name}={str(self.value).lower() if isinstance(self.value, bool) else self.value}"


class FileValue(Value):
    @property
    def description(self) -> str:
        return f"{self.name}={self.value[0]}"  # type: ignore[index]  # a name and a content


class RunValue(Value):
    def __init__(self, name: str, value: str) -> None:
        super().__init__(name, value)
        self.shown = value

    @exported("jobName")
    def job_name(self) -> str:
        return str(self.value).partition("#")[0]

    @exported("number")
    def number(self) -> str:
        return str(self.value).partition("#")[2]


class Definition(Bean):
    """`hudson.model.ParameterDefinition`."""

    visibility = 3
    values: type[Value] = OpenValue
    value_java = "hudson.model.StringParameterValue"

    def __init__(self, element: ElementTree.Element, jenkins: "Jenkins") -> None:
        self.element, self.jenkins = element, jenkins
        self.java = element.tag
        self.label = element.findtext("name") or ""

    @exported("type")
    def simple_name(self) -> str:
        return self.java.rpartition(".")[2]

    @exported("name")
    def name(self) -> str:
        return self.label

    @exported("description")
    def description(self) -> str | None:
        return self.element.findtext("description")

    @exported("defaultParameterValue")
    def default(self) -> Value | None:
        return self.value(self.element.findtext("defaultValue") or "")

    def value(self, text: str) -> Value:
        """`createValue(String)`."""
        if self.element.findtext("trim") == "true":
            text = text.strip()
        return self.made(text)

    def made(self, value: object) -> Value:
        made = self.values(self.label, value)
        made.java = self.value_java
        return made

    def asked(self, request: Request) -> Value | None:
        """`SimpleParameterDefinition.createValue(StaplerRequest2)`."""
        given = request.parameters.get(self.label)
        if given is None:
            return self.default()
        if len(given) != 1:
            raise _illegal(f"Illegal number of parameter values for {self.label}: {len(given)}")
        return self.value(given[0])


class ChoiceDefinition(Definition):
    @exported("choices")
    def choices(self) -> list[str]:
        return [each.text or "" for each in self.element.iter("string")]

    def default(self) -> Value | None:
        choices = self.choices()
        return self.made(self.element.findtext("defaultValue") or choices[0]) if choices else None

    def value(self, text: str) -> Value:
        if text not in self.choices():
            raise _illegal(f"Illegal choice for parameter {self.label}: {text}")
        return self.made(text)


class BooleanDefinition(Definition):
    value_java = "hudson.model.BooleanParameterValue"

    def value(self, text: str) -> Value:
        return self.made(text.lower() == "true")


class PasswordDefinition(Definition):
    values = Value
    value_java = "hudson.model.PasswordParameterValue"

    def value(self, text: str) -> Value:
        return self.made(unsealed(text))


class FileDefinition(Definition):
    values = FileValue
    value_java = "hudson.model.FileParameterValue"

    def default(self) -> Value | None:
        return None

    def asked(self, request: Request) -> Value | None:
        if self.label not in request.files:
            return None
        name, content = request.files[self.label]
        return self.made((name, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest()))


class RunDefinition(Definition):
    values = RunValue
    value_java = "hudson.model.RunParameterValue"

    @exported("projectName")
    def project_name(self) -> str:
        return self.element.findtext("projectName") or ""

    @exported("filter")
    def filter(self) -> str:
        return self.element.findtext("filter") or "ALL"

    def default(self) -> Value | None:
        job = self.jenkins.find_job(self.project_name())
        build = job.permalink("lastBuild" if self.filter() == "ALL" else "lastSuccessfulBuild") if job else None
        return self.made(f"{job.full_name()}#{build.number}") if job and build else None


KINDS: dict[str, type[Definition]] = {
    "hudson.model.StringParameterDefinition": Definition,
    "hudson.model.TextParameterDefinition": Definition,
    "hudson.model.ChoiceParameterDefinition": ChoiceDefinition,
    "hudson.model.BooleanParameterDefinition": BooleanDefinition,
    "hudson.model.PasswordParameterDefinition": PasswordDefinition,
    "hudson.model.FileParameterDefinition": FileDefinition,
    "hudson.model.RunParameterDefinition": RunDefinition,
}


def _illegal(message: str) -> Refused:
    """An `IllegalArgumentException` nobody catches."""
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, message)
