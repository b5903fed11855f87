"""Answers that pages ask for again and again: with a tag, so that what has not changed is not sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, make_response, request


def is_poll() -> bool:
    """Whether a page that is open asks again for the part of it that may have changed."""
    return request.headers.get("HX-Request") == "true"


def state(content: Mapping[str, Any]) -> Response:
    """JSON."""
    return tagged(orjson.dumps(content), "application/json")


def tagged(content: bytes | str, mimetype: str = "text/html") -> Response:
    """304 for who has it already."""
    body = content if isinstance(content, bytes) else content.encode()
    response = make_response(body)
    response.mimetype = mimetype
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
