"""The request for vetting: a real Word file in, a real Word file out."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document

from engine import Job
from engine.errors import NotFound
from engine.topics import discover

HANDLER = discover("handlers")["van_ban_tham_dinh"]


def template(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def made(content: bytes, **variables: Any) -> list[str]:
    """The paragraphs of the file that the handler attached."""
    job = Job("1", HANDLER.topic, business_key="LC-7", read={"documents/van_ban_tham_dinh.docx": content}.__getitem__)
    assert HANDLER.call(job, variables) == {}
    (attachment,) = job.attachments
    return [paragraph.text for paragraph in Document(BytesIO(attachment.content)).paragraphs]


def test_it_fills_in_the_variables_of_the_case() -> None:
    content = template("Kính gửi: {{ co_quan.ten }}", "Số hồ sơ {{ so_ho_so }}; sinh ngày {{ ngay_sinh | ngay }}")
    said = made(content, co_quan={"ten": "Ủy ban Kiểm tra"}, ngay_sinh="1980-02-09")
    assert said == ["Kính gửi: Ủy ban Kiểm tra", "Số hồ sơ LC-7; sinh ngày 09/02/1980"]


def test_it_shows_dates_and_answers_as_people_write_them() -> None:
    assert made(template("{{ a }} {{ b }} {{ c | ngay }}"), a=date(2026, 3, 1), b=True, c="chưa rõ") == ["01/03/2026 có chưa rõ"]


def test_it_leaves_a_dotted_line_for_what_the_case_does_not_know() -> None:
    assert made(template("{{ ho_ten }}, {{ nhan_su.que_quan.tinh }}, {{ trong }}, {{ khong | ngay }}"), trong="", khong=None) == [
        "……………, ……………, ……………, ……………"
    ]


def test_it_calls_a_body_by_its_name() -> None:
    content = template("{{ ten_noi_den or noi_den }}, {{ ten_noi_di or noi_di }}, {{ ten_noi_nay }}")
    job = Job("1", HANDLER.topic, read=lambda _: content, organisations={"cong_an": "Công an tỉnh", "so_y_te": "Sở Y tế"})
    HANDLER.call(job, {"noi_den": "cong_an", "noi_di": "noi_khac", "noi_nay": "so_y_te", "ten_noi_nay": "Sở Y tế tỉnh"})
    assert [p.text for p in Document(BytesIO(job.attachments[0].content)).paragraphs] == ["Công an tỉnh, noi_khac, Sở Y tế tỉnh"]


def test_it_repeats_paragraphs() -> None:
    content = template("{%p for ten in noi_nhan %}", "- {{ ten }};", "{%p endfor %}")
    assert made(content, noi_nhan=["Như trên", "Lưu"]) == ["- Như trên;", "- Lưu;"]


def test_it_keeps_what_people_typed_out_of_the_document_s_structure() -> None:
    typed = '</w:t></w:r><w:p/>{{ 7*7 }} & "ngoặc" \x00\x0b'
    assert made(template("Lý do: {{ ly_do }}"), ly_do=typed) == ['Lý do: </w:t></w:r><w:p/>{{ 7*7 }} & "ngoặc" ']


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ khong_co.__class__.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% for i in range(10000000) %}x{% endfor %}",
        "{% set _ = ds.append(1) %}",
    ],
)
def test_it_lets_no_template_reach_python(attack: str) -> None:
    values = ["nguyên vẹn"]
    try:
        said = made(template(attack), ds=values)
    except (ValueError, OverflowError) as error:
        assert re.search("not for templates|unsafe|too big", str(error), re.IGNORECASE)
    else:
        assert said == ["……………"]
    assert values == ["nguyên vẹn"]


def test_it_says_what_is_wrong_with_a_template() -> None:
    with pytest.raises(ValueError, match=r"documents/van_ban_tham_dinh.docx says: .*'endfor'"):
        made(template("{% for a in b %}"))
    with pytest.raises(ValueError, match=r"Expected a Word document, but documents/van_ban_tham_dinh.docx is none"):
        made(b"%PDF-1.7")


def test_it_says_which_template_the_folder_lacks() -> None:
    with pytest.raises(NotFound, match=r"documents/khac.docx"):
        HANDLER.call(Job("1", HANDLER.topic, read={}.__getitem__), {"mau_van_ban": "documents/khac.docx"})


def test_it_calls_the_file_what_the_diagram_says_as_far_as_a_file_may_be_called_so() -> None:
    job = Job("1", HANDLER.topic, read=lambda _: template("x"))
    HANDLER.call(job, {"ten_van_ban": "../CV: thẩm định/2026"})
    HANDLER.call(job, {"ten_van_ban": " / "})
    assert [attachment.name for attachment in job.attachments] == ["CV thẩm định 2026.docx", "Văn bản.docx"]
    assert job.attachments[0].media_type == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def test_it_names_the_file_after_the_body_that_is_asked() -> None:
    job = Job("1", HANDLER.topic, read=lambda _: template("x"), organisations={"cong_an": "Công an & Nội chính"})
    HANDLER.call(job, {"noi": "cong_an", "ten_van_ban": "Công văn - {{ ten_noi or noi }}"})
    assert job.attachments[0].name == "Công văn - Công an & Nội chính.docx"
