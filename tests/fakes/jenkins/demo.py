"""What a simulator begins with, if asked: a bit of everything, or very much of the same."""

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.fakes.jenkins.config import Config
from tests.fakes.jenkins.items import Folder, Group, Item
from tests.fakes.jenkins.jobs import Job
from tests.fakes.jenkins.nodes import Computer
from tests.fakes.jenkins.views import View

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins

FOLDER = "<com.cloudbees.hudson.plugins.folder.Folder><description>{}</description></com.cloudbees.hudson.plugins.folder.Folder>"

RELEASE = """
<hudson.model.StringParameterDefinition>
  <name>VERSION</name><description>What is released</description><defaultValue>1.0.0</defaultValue><trim>true</trim>
</hudson.model.StringParameterDefinition>
<hudson.model.ChoiceParameterDefinition>
  <name>TARGET</name><description>Where to</description>
  <choices class="java.util.Arrays$ArrayList"><a class="string-array">
    <string>staging</string><string>production</string>
  </a></choices>
</hudson.model.ChoiceParameterDefinition>
<hudson.model.BooleanParameterDefinition>
  <name>DRY_RUN</name><description>Only say what would be done</description><defaultValue>true</defaultValue>
</hudson.model.BooleanParameterDefinition>
<hudson.model.PasswordParameterDefinition>
  <name>DEPLOY_KEY</name><description>Opens the target</description><defaultValue>demo-secret</defaultValue>
</hudson.model.PasswordParameterDefinition>
<hudson.model.TextParameterDefinition>
  <name>NOTES</name><description>For the people who use it</description><defaultValue/>
</hudson.model.TextParameterDefinition>
<hudson.model.FileParameterDefinition>
  <name>settings.ini</name><description>Replaces the one in the package</description>
</hudson.model.FileParameterDefinition>
"""

JOBS = [
    (
        "build-shop",
        "project",
        "Compiles the shop. sim: seconds=20 lines=60 colors=yes artifacts=dist/shop.zip,report.txt",
        "",
    ),
    ("build-app", "flow-definition", "Builds the app. sim: seconds=30 lines=120 colors=yes", ""),
    ("lint", "project", "Looks for mistakes. sim: seconds=4 lines=20 result=UNSTABLE", ""),
    ("never-built", "project", "Waits for its first time.", ""),
    ("old-import", "project", "Not needed any more.", ""),
    ("Release/release", "flow-definition", "Publishes a version. sim: seconds=25 lines=80", RELEASE),
    ("Release/rollback", "project", "Back to the version before. sim: seconds=15 lines=20 result=FAILURE", RELEASE),
    ("Nightly/backup", "project", "Copies the databases. sim: seconds=inf rate=1 colors=yes", ""),
    ("Nightly/reports", "project", "Writes the morning's figures. sim: seconds=12 lines=30 artifacts=figures.csv", ""),
    ("Nightly/Databases/shrink", "project", "Frees space. sim: seconds=8 lines=10", ""),
    ("Nightly/Databases/check", "flow-definition", "Looks for damage. sim: seconds=10 lines=40 result=FAILURE", ""),
    ("on-windows", "project", "Runs on an agent that is not there. sim: seconds=5", ""),
]
HISTORY = {
    "build-shop": ["SUCCESS", "SUCCESS", "FAILURE", "SUCCESS"],
    "build-app": ["SUCCESS", "FAILURE"],
    "lint": ["UNSTABLE"],
    "old-import": ["SUCCESS", "ABORTED"],
    "Nightly/Databases/check": ["FAILURE", "FAILURE"],
    "Nightly/reports": ["SUCCESS"] * 6,
    "Release/rollback": ["NOT_BUILT"],
}
VIEWS = {"Shop": ["build-app", "build-shop", "Release"], "Databases": ["Nightly/backup", "Nightly/Databases/check"]}
CAUSE = {"shortDescription": "Started by timer", "userId": "timer", "userName": "timer"}


def xml(root: str, description: str, parameters: str = "", extra: str = "") -> Config:
    """A job's config."""
    asked = f"<parameterDefinitions>{parameters}</parameterDefinitions>" if parameters else ""
    asked = asked and f"<hudson.model.ParametersDefinitionProperty>{asked}</hudson.model.ParametersDefinitionProperty>"
    said = f"<description>{escape(description)}</description><properties>{asked}</properties>{extra}"
    return Config(f"<{root}>{said}</{root}>")


def place(jenkins: "Jenkins", full_name: str, config: Config) -> Item:
    """Put it there, with the folders above it."""
    group: Group = jenkins
    *folders, name = full_name.split("/")
    for each in folders:
        found = group.item(each) or group.create(each, Config(FOLDER.format(f"All about {each}")))
        assert isinstance(found, Folder)
        group = found
    return group.create(name, config)


def past(job: Job, result: str, ago: float) -> None:
    """A build that ended `ago` seconds before now."""
    now = job.jenkins.now
    job.jenkins.now = now - ago
    build = job.build_class(job, 0, [CAUSE], [value for each in job.definitions if (value := each.default())])
    job.builds[build.number] = build
    build.begin(job.jenkins.nodes.built_in)
    job.jenkins.now = min(build.due, now - ago + 60)
    build.log.write(*(build.script.line(number) for number in range(build.script.lines_after(60))))
    build.finish(result)
    job.jenkins.now = now


def fill(jenkins: "Jenkins") -> None:
    """Folders, jobs of every kind, builds; one runs, one waits for the other, one for an agent."""
    windows = "<assignedNode>windows</assignedNode><canRoam>false</canRoam>"
    for full_name, root, description, parameters in JOBS:
        extra = {"on-windows": windows, "old-import": "<disabled>true</disabled>"}.get(full_name, "")
        job = place(jenkins, full_name, xml(root, description, parameters, extra))
        assert isinstance(job, Job)
        results = HISTORY.get(full_name, [])
        for number, result in enumerate(results):
            past(job, result, 3600 * 7 * (len(results) - number))
    for name, names in VIEWS.items():
        lines = "".join(f"<string>{one}</string>" for one in names)
        listed = f"<name>{name}</name><jobNames>{lines}</jobNames><recurse>true</recurse>"
        jenkins.views[name] = View(jenkins, name, Config(f"<hudson.model.ListView>{listed}</hudson.model.ListView>"))
    agent = Computer(jenkins.nodes, "windows-1", {"labelString": "windows", "numExecutors": 1})
    jenkins.nodes.computers.append(agent)
    jenkins.catch_up()
    for full_name in ("Nightly/backup", "on-windows"):
        jenkins.queue.schedule(_job(jenkins, full_name), 0, "admin", [])
    jenkins.catch_up()
    jenkins.queue.schedule(_job(jenkins, "Nightly/backup"), 0, "admin", [])


def _job(jenkins: "Jenkins", full_name: str) -> Job:
    found = jenkins.find_job(full_name)
    assert found
    return found


def fill_with_many(jenkins: "Jenkins", jobs: int, folders: int) -> None:
    """`job-00001` and so on, spread over `team-001` and so on; each was built once."""
    for number in range(jobs):
        above = f"team-{number % folders:03}/" if folders else ""
        job = place(jenkins, f"{above}job-{number:05}", xml("project", f"Job {number}. sim: seconds=1 lines=2"))
        assert isinstance(job, Job)
        past(job, "FAILURE" if number % 10 == 9 else "SUCCESS", 3600)
