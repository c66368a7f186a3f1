"""The XML of jobs: read safely, compared line by line, and some to begin with."""

import difflib
import re
from typing import NamedTuple
from xml.parsers import expat

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.jenkins.errors import BadXml

LARGEST = 1024 * 1024
DEEPEST = 100
DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>\s*")
NAMELESS = b'<?xml version="1.0"?>'
ENCODING = re.compile(r"encoding\s*=\s*[\"']([^\"']*)")
EMPTY = """<?xml version='1.1' encoding='UTF-8'?>
<project>
  <description></description>
  <keepDependencies>false</keepDependencies>
  <properties/>
  <scm class="hudson.scm.NullSCM"/>
  <canRoam>true</canRoam>
  <disabled>false</disabled>
  <triggers/>
  <concurrentBuild>false</concurrentBuild>
  <builders>{builders}</builders>
  <publishers/>
  <buildWrappers/>
</project>
"""
PIPELINE = """<?xml version='1.1' encoding='UTF-8'?>
<flow-definition plugin="workflow-job">
  <description></description>
  <keepDependencies>false</keepDependencies>
  <properties/>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps">
    <script>pipeline {
  agent any
  stages {
    stage('Build') {
      steps {
        echo 'Hello'
      }
    }
  }
}</script>
    <sandbox>true</sandbox>
  </definition>
  <triggers/>
  <disabled>false</disabled>
</flow-definition>
"""
SHELL = "\n    <hudson.tasks.Shell>\n      <command>echo Hello</command>\n    </hudson.tasks.Shell>\n  "


class Template(NamedTuple):
    """A job to begin with."""

    title: object
    xml: str


TEMPLATES = {
    "empty": Template(gettext_lazy("A job that does nothing"), EMPTY.format(builders="")),
    "shell": Template(gettext_lazy("A job that runs a shell script"), EMPTY.format(builders=SHELL)),
    "pipeline": Template(gettext_lazy("A pipeline"), PIPELINE),
}


def checked(text: str) -> str:
    """Return the XML of a job.

    :raises BadXml: when it is none, declares document types or entities, or is too large or too deep.
    """
    if len(text.encode()) > LARGEST:
        raise _bad(_("it is larger than 1 MB."))
    declared = DECLARATION.match(text)
    if declared and (named := ENCODING.search(declared[0])) and named[1].lower() not in {"utf-8", "us-ascii"}:
        raise _bad(_("it must be in UTF-8."))  # else Jenkins would read something else than what was looked at
    depth = 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _bad(_("it is nested too deeply."))

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_declared: object) -> int:
        raise _bad(_("document types and entities are not allowed."))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        # Jenkins writes version 1.1, of which this parser knows nothing; nothing else of it differs here
        parser.Parse(NAMELESS + _undeclared(text, declared).encode(), True)
    except expat.ExpatError as damage:
        raise _bad(_("line {line}: it is damaged.").format(line=damage.lineno)) from damage
    return text


def difference(before: str, after: str) -> list[str]:
    """What changes, as lines of a unified diff."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return [line for line in lines if not line.startswith(("---", "+++"))]


def _undeclared(text: str, declared: re.Match[str] | None) -> str:
    """The text without its declaration; its lines keep their numbers."""
    return "\n" * declared[0].count("\n") + text[declared.end() :] if declared else text


def _bad(why: str) -> BadXml:
    return BadXml(why=why, fields={"xml": [why]})
