"""Jobs and folders."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from integrations.jenkins.client.remote import JSON
from integrations.jenkins.errors import JenkinsError, NotAtJenkins, TakenName
from integrations.jenkins.numbers import number_in

DEPTH = 10
"""Folders within folders, at most."""
STATE = (
    "fullName,name,url,color,description,buildable,inQueue,nextBuildNumber,healthReport[score,description],"
    "lastBuild[number,building,result,timestamp,duration],lastSuccessfulBuild[number],lastFailedBuild[number],"
    "property[parameterDefinitions[name,type,description,choices,defaultParameterValue[value]]]"
)
SERVER = "mode,nodeDescription,numExecutors,quietingDown,useCrumbs"
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"


def tree_of(fields: str, depth: int = DEPTH) -> str:
    """The query that asks for `fields` of every job, whatever folder it is in."""
    tree = f"jobs[{fields}]"
    for _level in range(depth - 1):
        tree = f"jobs[{fields},{tree}]"
    return tree


class JobCalls(Calls):
    def all_jobs(self) -> list[shapes.JobState]:
        """Every job and folder with its state, in one request."""
        return list(reading.jobs(self._json("", tree=tree_of(STATE))))

    def overview(self) -> tuple[shapes.Info, list[shapes.JobState]]:
        """The server, every job and every folder, in one request."""
        answer = self.transport.send("GET", f"api/json?tree={SERVER},{tree_of(STATE)}", kind=JSON)
        told = answer.json()
        return reading.info(told, answer.headers.get("X-Jenkins", "")), list(reading.jobs(told))

    def all_job_names(self) -> list[str]:
        """The full names of all jobs, in one request; without folders."""
        return [one.full_name for one in reading.jobs(self._json("", tree=tree_of("fullName"))) if not one.is_folder]

    def latest_status(self) -> dict[str, int]:
        """The seed's status of every job, in one request: 1 succeeded, 2 failed, 0 anything else."""
        return {one.full_name: one.status for one in self.all_jobs() if not one.is_folder}

    def job(self, full_name: str) -> shapes.JobState:
        """One job.

        :raises NotAtJenkins: when there is none.
        """
        return reading.job(self._json(names.path(full_name), tree=f"{STATE},jobs[name]", what=full_name))

    def sub_job(self, parent: str, child: str) -> shapes.JobState:
        """A job in a folder."""
        return self.job(names.joined(parent, child))

    def status_and_next_number(self, full_name: str) -> tuple[int, int]:
        """The next build's number and the seed's status of the last, as the seed has it."""
        found = self.job(full_name)
        return found.next_number, found.status

    def job_xml(self, full_name: str) -> str:
        """How a job is configured."""
        answer = self.transport.send(
            "GET", f"{names.path(full_name)}config.xml", kind="application/xml", what=full_name
        )
        return answer.text

    def create_job(self, name: str, xml: str, folder: str = "") -> None:
        """Create a job, in a folder where one is given.

        :raises TakenName: when there is one already.
        """
        path = f"{names.path(folder)}createItem?name={quote(names.checked_new(name), safe='')}"
        self._post(path, xml=xml, what=names.joined(folder, name))

    def create_folder(self, name: str, folder: str = "") -> None:
        """Create a folder (Jenkins' Folders plugin does that), in another where one is given."""
        data = {"name": names.checked_new(name), "mode": FOLDER}
        self._post(f"{names.path(folder)}createItem", data=data, what=names.joined(folder, name))

    def folder(self, full_name: str) -> shapes.JobState:
        """One folder.

        :raises NotAtJenkins: when there is none, or it is a job.
        """
        found = self.job(full_name)
        if not found.is_folder:
            raise NotAtJenkins(server=self.transport.account.name, what=full_name)
        return found

    def update_job(self, full_name: str, xml: str) -> None:
        """Configure a job anew."""
        self._post(f"{names.path(full_name)}config.xml", xml=xml, what=full_name)

    def rename_job(self, full_name: str, new_name: str) -> str:
        """Give a job or folder another name; return its full name then."""
        renamed = names.joined(names.folder_of(full_name), names.checked_new(new_name))
        self._post(f"{names.path(full_name)}confirmRename", data={"newName": new_name}, what=renamed)
        self._ensure(renamed)
        return renamed

    def copy_job(self, full_name: str, new_name: str, folder: str = "") -> str:
        """Make a job like another; return its full name."""
        copied = names.joined(folder, names.checked_new(new_name))
        data = {"name": new_name, "mode": "copy", "from": f"/{names.checked(full_name)}"}
        self._post(f"{names.path(folder)}createItem", data=data, what=copied)
        return copied

    def delete_job(self, full_name: str) -> None:
        """Delete a job, or a folder with all that is in it."""
        self._post(f"{names.path(full_name)}doDelete", what=full_name)

    def enable_job(self, full_name: str, *, enabled: bool = True) -> None:
        """Let a job be built, or not any more."""
        (self.remote.enable_job if enabled else self.remote.disable_job)(names.checked(full_name))

    def build_job(self, full_name: str, parameters: Mapping[str, Any] | None = None, files: Any = None) -> int:
        """Ask for a build; return the number of its place in the queue.

        Parameters travel in the body, where no access log keeps them. A build like one that waits already is that one.

        :param parameters: None for a job that asks for none.
        """
        path = f"{names.path(full_name)}{'build' if parameters is None else 'buildWithParameters'}"
        answer = self.transport.send("POST", path, data=dict(parameters or {}), files=files, what=full_name)
        number = number_in(answer.headers.get("Location", "").rstrip("/").rpartition("/queue/item/")[2])
        if number is None:
            raise JenkinsError(why="no place in the queue was told")
        return number

    def _ensure(self, full_name: str) -> None:
        try:
            self._json(names.path(full_name), tree="name", what=full_name)
        except NotAtJenkins as problem:
            raise TakenName(name=full_name) from problem
