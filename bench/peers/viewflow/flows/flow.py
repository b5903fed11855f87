"""start -> task of a person -> gateway -> task of another -> end: the benchmark's diagram, as Viewflow writes it."""

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow.views import CreateProcessView, UpdateProcessView

from .models import Request


class RequestFlow(flow.Flow):
    """The first task belongs to whoever started the case."""

    process_class = Request
    start = flow.Start(CreateProcessView.as_view(fields=["noi_dung", "so_tien"])).Permission(auto_create=True).Next(this.soan)
    make = flow.StartHandle(this.made).Next(this.soan)
    soan = flow.View(UpdateProcessView.as_view(fields=["noi_dung", "so_tien", "can_xet"])).Assign(lambda activation: person()).Next(this.re)
    re = flow.If(lambda activation: activation.process.can_xet).Then(this.xet).Else(this.end)
    xet = flow.View(UpdateProcessView.as_view(fields=["can_xet"])).Assign(username="truong_phong").Next(this.end)
    end = flow.End()

    def made(self, activation, **_options):
        """A case without a browser: for filling."""
        activation.process.noi_dung = "Kinh phí khảo sát"
        return activation.process


def person():
    """Who holds the first task."""
    from django.contrib.auth.models import User

    return User.objects.get(username="nguoi")
