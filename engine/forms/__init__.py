"""Forms: what a person is asked at a user task, drawn by the server and checked by the server."""

from engine.forms.component import Component, Option
from engine.forms.form import Field, Form
from engine.forms.place import Place

__all__ = ["Component", "Field", "Form", "Option", "Place"]
