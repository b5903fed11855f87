"""What stops a token: an element that cannot go on."""

from __future__ import annotations


class Problem(Exception):
    """An element cannot go on: becomes a Failure of `kind`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
