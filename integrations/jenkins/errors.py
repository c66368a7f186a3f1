"""What can go wrong with Jenkins.

GatehouseError
├── JenkinsError             60000  502   it did not do it, and says why or not
│   ├── NotJenkins           60001  502   a web page, or nothing that can be read, instead of an answer
│   ├── CredentialsRefused   60002  502   the server's user or token is wrong
│   ├── RefusedByJenkins     60003  502   the server's user may not
│   ├── SentElsewhere        60004  502   a redirect, which is not followed
│   │   └── FileElsewhere    60004  502   to a file at a host that is not in JENKINS_ARTIFACT_HOSTS
│   ├── EndUnknown           60000  502   of a file nobody could tell whether all of it came
│   ├── AnswerTooLarge       60005  502
│   └── UnknownCertificate   10002  502
├── Unreachable
│   ├── NotReached           10004  503   nothing was sent
│   └── NoAnswer             10004  503   it may have been done: the answer did not come
├── NotFound
│   └── NotAtJenkins         60006  404   the job, build, item, … is not there (any more)
├── InvalidParameters
│   ├── AddressNotAllowed    60007  400   not in JENKINS_ALLOWED_SERVERS
│   ├── BadName              60008  400   no name of a job, folder, view or machine
│   ├── BadParameters        60009  400   not those that the job asks for
│   └── BadXml               60010  400
├── Conflict
│   ├── TakenName            10005  409
│   ├── NotInThisState       10005  409
│   └── TooLateForApproval   10005  409
└── NoPermission
    ├── SecondPersonNeeded   60011  403   nobody approves what they asked for themselves
    └── NotHere              10009  403   not for this job or folder
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from project.core.errors import Conflict, GatehouseError, InvalidParameters, NoPermission, NotFound, Unreachable


class JenkinsError(GatehouseError):
    """Jenkins answered, and not what was hoped for."""

    code, status = "60000", 502
    message = _("Jenkins could not do this: {why}")
    sick: bool = True
    """Counts as a failure of the server, rather than of what was asked."""

    def __init__(self, message: Any = None, *, why: str = "", **rest: Any) -> None:
        super().__init__(message, why=why or _("it does not say why."), **rest)


class NotJenkins(JenkinsError):
    code = "60001"
    message = _(
        "What answers at the address of {server} is not Jenkins' interface for programs ({what}). Check the address, and "
        "whether a sign-in page stands before it."
    )


class CredentialsRefused(JenkinsError):
    code, sick = "60002", False
    message = _("{server} does not accept our user and API token. An administrator must enter them anew.")


class RefusedByJenkins(JenkinsError):
    code, sick = "60003", False
    message = _("{server} does not let our user do this there.")


class SentElsewhere(JenkinsError):
    code = "60004"
    message = _("{server} sends us to another address instead of answering; we do not follow. Check its address.")


class FileElsewhere(SentElsewhere):
    sick = False
    message = _(
        "{server} keeps this file at {host}, which is not in JENKINS_ARTIFACT_HOSTS: it is not fetched from there. An "
        "administrator can list that host."
    )


class EndUnknown(JenkinsError):
    sick = False
    message = _(
        "{server} does not say where this file ends, so nobody could tell whether all of it came. A proxy before it is "
        "probably to blame: it must speak HTTP/1.1 to Jenkins."
    )


class AnswerTooLarge(JenkinsError):
    code = "60005"
    message = _("{server} answers with more than {limit}: that is not read.")


class UnknownCertificate(JenkinsError):
    code = "10002"
    message = _("The certificate of {server} cannot be trusted.")


class NotReached(Unreachable):
    """Nothing was sent: it can be asked again without harm."""

    message = _("{server} cannot be reached. Please try again shortly.")


class NoAnswer(Unreachable):
    """It was asked, and no (whole) answer came in time: it may have been done."""

    message = _("{server} did not answer in time. Please try again shortly.")


class NotAtJenkins(NotFound):
    code = "60006"
    message = _("{server} has no such thing (any more): {what}")


class AddressNotAllowed(InvalidParameters):
    code = "60007"
    message = _("This address is not one of those where Jenkins servers may be: {why}")


class BadName(InvalidParameters):
    code = "60008"
    message = _("“{name}” cannot be a name in Jenkins.")


class BadParameters(InvalidParameters):
    code = "60009"
    message = _("These are not the parameters that the job asks for.")


class BadXml(InvalidParameters):
    code = "60010"
    message = _("This is not the XML of a job: {why}")


class TakenName(Conflict):
    message = _("There is a job or folder “{name}” already.")


class NotInThisState(Conflict):
    message = _("This cannot be done while the build is “{state}”.")


class TooLateForApproval(Conflict):
    message = _("Nobody approved this build in time. Ask for it anew.")


class SecondPersonNeeded(NoPermission):
    code = "60011"
    message = _("A second person must decide about this build: nobody approves what they asked for themselves.")


class NotHere(NoPermission):
    message = _("You may not do this with “{name}”.")
