"""Where text messages stand in the API."""

from django.urls import URLPattern, URLResolver, path

from integrations.sms.api.campaign_views import CampaignViewSet
from integrations.sms.api.message_views import MessageViewSet
from integrations.sms.api.provider_views import ProviderViewSet
from integrations.sms.api.receipts import ReceiptsView
from integrations.sms.api.refusals import RefusalViewSet
from integrations.sms.api.template_views import TemplateViewSet
from project.core.api import Router

router = Router()
router.register("sms/campaigns", CampaignViewSet, basename="sms-campaign")
router.register("sms/messages", MessageViewSet, basename="sms-message")
router.register("sms/templates", TemplateViewSet, basename="sms-template")
router.register("sms/providers", ProviderViewSet, basename="sms-provider")
router.register("sms/refusals", RefusalViewSet, basename="sms-refusal")

urlpatterns: list[URLPattern | URLResolver] = [
    path("sms/receipts/<slug:key>", ReceiptsView.as_view(), name="sms-receipts"),
    *router.urls,
]
