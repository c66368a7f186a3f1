"""Where Jenkins stands in the API."""

from django.urls import URLPattern, URLResolver, re_path

from integrations.jenkins.api.builds import BuildViewSet, RuleViewSet, ScheduleViewSet
from integrations.jenkins.api.jobs import FolderViewSet, JobViewSet, QueueViewSet
from integrations.jenkins.api.servers import ServerViewSet
from project.core.api import Router

router = Router()
router.register("jenkins/servers", ServerViewSet, basename="jenkins-server")
router.register("jenkins/jobs", JobViewSet, basename="jenkins-job")
router.register("jenkins/folders", FolderViewSet, basename="jenkins-folder")
router.register("jenkins/builds", BuildViewSet, basename="jenkins-build")
router.register("jenkins/schedules", ScheduleViewSet, basename="jenkins-schedule")
router.register("jenkins/rules", RuleViewSet, basename="jenkins-rule")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    re_path(r"^jenkins/queue/?$", QueueViewSet.as_view({"get": "list", "delete": "clear"}), name="jenkins-queue"),
    re_path(
        r"^jenkins/queue/(?P<item>[0-9]{1,18})/?$",
        QueueViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="jenkins-queue-item",
    ),
]
