"""What a supervisor sees: his processes, each with its diagram that counts, his cases, and what waits in them."""

from __future__ import annotations

from flask import Blueprint

from web import listing, standins, supervision

bp = Blueprint("monitor", __name__)
bp.before_request(supervision.guard)
bp.add_app_template_global(supervision.supervises)
bp.add_app_template_global(supervision.open_incidents)
bp.add_app_template_global(listing.soon_words)
bp.add_app_template_global(standins.holder_words)
bp.add_app_template_filter(standins.holder_words)

from web.monitor import cases, charts, files, jobs, processes, saved  # noqa: E402 - they hang their pages on bp

__all__ = ["bp", "cases", "charts", "files", "jobs", "processes", "saved"]
