"""The gateway's part of the API, below realtime/."""

from django.urls import path

from project.core.api import forgiving
from realtime.api import dead_letters, kept, views

urlpatterns = forgiving(
    [
        path("messages", views.MessagesView.as_view(), name="realtime-messages"),
        path("connections", views.ConnectionsView.as_view(), name="realtime-connections"),
        path("connections/<str:connection_id>", views.ConnectionView.as_view(), name="realtime-connection"),
        path("summary", views.SummaryView.as_view(), name="realtime-summary"),
        path("dead-letters", dead_letters.DeadLettersView.as_view(), name="realtime-dead-letters"),
        path("dead-letters/<int:letter_id>", dead_letters.DeadLetterView.as_view(), name="realtime-dead-letter"),
        path("dead-letters/<int:letter_id>/retry", dead_letters.RetryView.as_view(), name="realtime-dead-letter-retry"),
        path(
            "dead-letters/<int:letter_id>/discard",
            dead_letters.DiscardView.as_view(),
            name="realtime-dead-letter-discard",
        ),
        path("nodes", views.NodesView.as_view(), name="realtime-nodes"),
        path("settings/<int:user_id>", kept.KeptSettingsView.as_view(), name="realtime-kept-settings"),
    ]
)
