"""Log-in and the flow's pages."""

from django.contrib.auth.views import LoginView
from django.urls import path
from flows.flow import RequestFlow
from viewflow.contrib.auth import AuthViewset
from viewflow.urls import Site
from viewflow.workflow.flow import FlowAppViewset

site = Site(title="Bench", viewsets=[FlowAppViewset(RequestFlow, icon="assignment")])
urlpatterns = [path("login/", LoginView.as_view(template_name="login.html")), path("accounts/", AuthViewset().urls), path("", site.urls)]
