"""The case of the benchmark's flow: three fields, in a table of its own as Viewflow's quick start has it."""

from django.db import models
from viewflow.workflow.models import Process


class Request(Process):
    """What is asked for, how much, and whether it was approved."""

    noi_dung = models.CharField(max_length=200, blank=True)
    so_tien = models.IntegerField(default=0)
    can_xet = models.BooleanField(default=True)

    class Meta:
        app_label = "flows"
