"""What every answer tells the browser about what it may do."""

from __future__ import annotations

from flask import Flask, Response, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def allow_style_attributes() -> None:
    """Let the page of this request carry `style` attributes: the editors of diagrams and tables write them into their markup.

    Style sheets and scripts stay as strict as everywhere.
    """
    g.policy = f"{POLICY}; style-src-attr 'unsafe-inline'"


def init(app: Flask) -> None:
    @app.after_request
    def _headers(response: Response) -> Response:
        if "policy" in g:
            response.headers.setdefault("Content-Security-Policy", g.policy)
        given = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in HEADERS.items() if name.lower() not in given])
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            # Personnel matters must not stay in a cache, not even in the browser's own.
            response.headers["Cache-Control"] = "no-store, private"
        elif request.path.startswith("/static/dist/"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
