"""The gateway's part of the API, below realtime/."""

from django.urls import path

from realtime.api import kept, views

urlpatterns = [
    path("messages", views.MessagesView.as_view(), name="realtime-messages"),
    path("connections", views.ConnectionsView.as_view(), name="realtime-connections"),
    path("connections/<str:connection_id>", views.ConnectionView.as_view(), name="realtime-connection"),
    path("nodes", views.NodesView.as_view(), name="realtime-nodes"),
    path("settings/<int:user_id>", kept.KeptSettingsView.as_view(), name="realtime-kept-settings"),
]
