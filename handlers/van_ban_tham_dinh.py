"""Topic `van_ban_tham_dinh`: makes the official request for vetting as a Word file from the template that lies with the process.

The template is written in Word: `{{ ho_ten }}` stands for a variable, `{{ ngay_sinh | ngay }}` for a date as dd/mm/yyyy, `{%p for ... %}`
for repeated paragraphs (docxtpl's words). Where a variable holds the code of a body, `ten_<variable>` is its name. What the case does not
know is left as a dotted line, to be filled in by hand.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

from docxtpl import DocxTemplate
from jinja2 import Environment, TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine import Job, handler

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BLANK = "……………"
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@handler("van_ban_tham_dinh")
def van_ban_tham_dinh(
    job: Job,
    mau_van_ban: str = "documents/van_ban_tham_dinh.docx",
    ten_van_ban: str = "Công văn lấy ý kiến thẩm định",
    bien_van_ban: str = "cong_van",
    **ho_so: Any,
) -> dict[str, Any]:
    """Attach `<ten_van_ban>.docx`, rendered from the file `mau_van_ban` of the deployment with all variables of the case.

    `ten_van_ban` may hold the template's words too (`Công văn gửi {{ ten_co_quan }}`), so that the letters of one case are told apart.

    The variable named by `bien_van_ban` then holds it, so that a user task can hand it over (`tai_lieu_kem`).
    Raises NotFound without such a file, ValueError when the template is wrong; both say what to mend.
    """
    names = {f"ten_{name}": job.organisations[code] for name, code in ho_so.items() if isinstance(code, str) and code in job.organisations}
    known = {"so_ho_so": job.business_key, **names, **ho_so}
    content = render(job.resource(mau_van_ban), known, mau_van_ban)
    job.attach(f"{_file_name(_filled(ten_van_ban, known))}.docx", content, DOCX, bien_van_ban)
    return {}


def render(template: bytes, variables: dict[str, Any], name: str = "") -> bytes:
    """Fill in a Word template. `name` is what the error calls it."""
    try:
        document = DocxTemplate(BytesIO(template))
        document.render(variables, jinja_env=_environment())
    except TemplateError as error:
        raise ValueError(f"Expected a template that can be filled in, but {name} says: {error.message}") from None
    except (BadZipFile, KeyError, OSError, ValueError) as error:  # what python-docx raises for a file that is no Word document
        raise ValueError(f"Expected a Word document, but {name} is none: {error}") from None
    filled = BytesIO()
    document.save(filled)
    return filled.getvalue()


def _filled(text: str, variables: dict[str, Any]) -> str:
    try:
        return unescape(_environment().from_string(text).render(variables))
    except TemplateError as error:
        raise ValueError(f"Expected a name for the document, but {text} says: {error.message}") from None


class _Blank(Undefined):
    """What the case does not know, however deep it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: Any) -> Any:
        return self

    def __str__(self) -> str:
        return BLANK


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates come from analysts: they may not reach Python."""

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        raise SecurityError(f"{attribute} is not for templates")


def _environment() -> Environment:
    # Escaping: what people typed may not become part of the document's XML.
    environment = _Sandbox(autoescape=True, undefined=_Blank, finalize=_readable)
    environment.filters["ngay"] = _as_date
    return environment


def _readable(value: Any) -> Any:
    if value is None or value == "":
        return BLANK
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, date):
        return _as_date(value)
    if isinstance(value, str) and _FORBIDDEN.search(value):
        return type(value)(_FORBIDDEN.sub("", value))
    return value


def _as_date(value: Any) -> Any:
    """`2026-03-01`, a date or a datetime as dd/mm/yyyy; anything else as it stands."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else value


def _file_name(text: str) -> str:
    """`text` without what a file name may not hold."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f\s]+', " ", text).strip(" .")[:150] or "Văn bản"
