"""The console's address."""

from django.contrib import admin
from django.urls import path

from realtime.web import views

app_name = "realtime"
urlpatterns = [path("", admin.site.admin_view(views.console), name="console")]
