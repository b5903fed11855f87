"""The complete file of a case: everything in it, readable, signed, and of nothing that the asking person does not supervise."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from lxml import etree
from sqlalchemy import func, select, update

from engine import candidates, casefiles, documents, footprints
from engine import diagram as diagram_
from engine.errors import FileRejected
from engine.models import CaseAccess, DocumentContent, Export, ExportPiece, ProcessInstance, User
from tests.web.moving import work
from tests.web.supervised import Enter, Store, same, started, unsupervise
from web.casefile import drawing, file, making, signatures, symbols
from web.casefile.paper import Paper
from web.cli import cli
from web.reading import Shown

SECRET = "test"
Downloaded = Callable[..., Path]
KEYS = {signatures.public(SECRET)}


def asked(log_in: Enter, address: str, who: str = "giang", **data: Any) -> str:
    """Have files made; the address of the page that follows it."""
    answer = log_in(who).post(address, data)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


@pytest.fixture
def downloaded(log_in: Enter, store: Store, app: Flask) -> Downloaded:
    """The file of a case, as its supervisor gets it."""

    def download(case: int, folder: Path, who: str = "giang") -> Path:
        page = asked(log_in, f"/giam-sat/ho-so/{case}/trich-xuat", who)
        work(store, app)
        answer = log_in(who).get(f"{page}/ho-so")
        assert (answer.status_code, answer.mimetype) == (200, "application/zip"), answer.text
        path = folder / "ho-so.zip"
        path.write_bytes(answer.data)
        answer.close()
        return path

    return download


def rewritten(path: Path, change: dict[str, bytes | None], more: dict[str, bytes] | None = None) -> Path:
    """A copy with members changed, left out, or added."""
    out = path.with_name("sua.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return out


def test_it_holds_all_there_is_and_is_as_it_was_signed(downloaded: Downloaded, store: Store, case: int, tmp_path: Path) -> None:
    with store.begin() as session:
        documents.add(session, case, "Tờ trình: số 1.txt", b"noi dung", "text/plain")
    path = downloaded(case, tmp_path)
    with zipfile.ZipFile(path) as opened:
        names = set(opened.namelist())
        data = json.loads(opened.read("case.json"))
        manifest = json.loads(opened.read("manifest.json"))
        paper = opened.read(f"ho-so-{case}.pdf")
        picture = etree.fromstring(opened.read(f"so-do-{case}.svg"))
    assert {"case.json", "manifest.json", "signature.json"} <= names
    assert [name.partition("-")[2] for name in names if name.startswith("documents/")] == ["Tờ trình_ số 1.txt"]
    assert data["rows"]["history_event"][0]["kind"] == "instance.started"
    assert "draft" not in data["rows"]
    assert manifest["chain"][str(case)]["count"] == len(data["rows"]["history_event"])
    assert paper.startswith(b"%PDF-")
    assert b"BeVietnamPro" in paper
    assert "Báo kết quả" in " ".join(picture.itertext())
    found = file.check(path, KEYS)
    assert (found.case, found.made_by) == (case, "giang")


def test_what_was_changed_afterwards_is_found(downloaded: Downloaded, store: Store, case: int, tmp_path: Path) -> None:
    path = downloaded(case, tmp_path)
    with zipfile.ZipFile(path) as opened:
        content, manifest = opened.read("case.json"), opened.read("manifest.json")
    forged = {"case.json": content.replace(b"instance.started", b"instance.startee")}
    changed = [rewritten(path, forged)]
    for one in changed:
        with pytest.raises(FileRejected, match=r"case\.json"):
            file.check(one, KEYS)
    with pytest.raises(FileRejected):
        file.check(rewritten(path, {f"ho-so-{case}.pdf": None}), KEYS)
    with pytest.raises(FileRejected):
        file.check(rewritten(path, {}, {"them.txt": b"x"}), KEYS)
    with pytest.raises(FileRejected, match="signature"):
        file.check(rewritten(path, {"manifest.json": manifest.replace(b"giang", b"gianh")}), KEYS)
    theirs = {"public_key": signatures.public("khac"), "signature": signatures.sign(manifest, "khac")}
    with pytest.raises(FileRejected, match="this installation"):
        file.check(rewritten(path, {"signature.json": json.dumps(theirs).encode()}), KEYS)
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    with pytest.raises(FileRejected):
        file.check(tmp_path / "x.zip", KEYS)


def test_the_command_line_checks_it(downloaded: Downloaded, case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = downloaded(case, tmp_path)
    monkeypatch.setenv("LUANCHUYEN_SECRET_KEY", SECRET)
    good = CliRunner().invoke(cli, ["verify", str(path)])
    assert good.exit_code == 0, good.output
    assert "nguyên vẹn" in good.output
    monkeypatch.setenv("LUANCHUYEN_SECRET_KEY", "khac")
    assert isinstance(CliRunner().invoke(cli, ["verify", str(path)]).exception, FileRejected)
    assert CliRunner().invoke(cli, ["verify", str(path), "--key", *KEYS]).exit_code == 0


def test_it_does_not_exist_for_who_does_not_supervise(log_in: Enter, store: Store, case: int) -> None:
    for who in ("an", "em"):
        there, not_there = (log_in(who).post(f"/giam-sat/ho-so/{number}/trich-xuat") for number in (case, 999_999))
        assert (there.status_code, not_there.status_code) == (404, 404)
        assert same(there.text) == same(not_there.text)


def test_several_are_one_file_with_a_list_and_each_is_recorded(
    log_in: Enter, store: Store, app: Flask, case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casefiles, "PIECE", 1_000)
    cases = [case, started(store, "số 2"), started(store, "số 3")]
    page = asked(log_in, "/giam-sat/ho-so/trich-xuat", instance=[str(one) for one in cases])
    assert "0 trên 3 hồ sơ" in log_in("giang").get(page).text
    # Not supervised any more when its turn comes.
    unsupervise(store, cases[1])
    work(store, app)
    giang = log_in("giang")
    shown = giang.get(page).text
    assert f"Hồ sơ {cases[1]} không có trong tệp" in shown
    answer = giang.get(f"{page}/ho-so")
    (tmp_path / "nhieu.zip").write_bytes(answer.data)
    answer.close()
    with zipfile.ZipFile(tmp_path / "nhieu.zip") as whole:
        names = [name for name in whole.namelist() if name.endswith(".zip")]
        assert [int(name.split("-")[0].removesuffix(".zip")) for name in names] == [cases[0], cases[2]]
        assert str(cases[1]) in whole.read("danh-sach.csv").decode("utf-8-sig")
        for name in names:
            file.check(Path(whole.extract(name, tmp_path)), KEYS)
    with store() as session:
        query = select(CaseAccess.case_number).where(CaseAccess.kind == "exported", CaseAccess.what == "casefile.download")
        assert session.scalars(query.order_by(CaseAccess.id)).all() == [cases[0], cases[2]]
        assert session.scalar(select(func.count()).select_from(ExportPiece)) > 3
    # Nobody else gets it, and it goes as lists do.
    assert log_in("an").get(f"{page}/ho-so").status_code == 404
    giang.post(f"{page}/bo")
    with store() as session:
        assert session.scalars(select(ExportPiece.export_id)).all() == []


def test_all_that_a_filter_leaves_and_nothing_ticked(log_in: Enter, store: Store, case: int) -> None:
    started(store, "số 2")
    page = asked(log_in, "/giam-sat/ho-so/trich-xuat?q=01/2026", filtered="1")
    with store() as session:
        assert session.get_one(Export, int(page.rsplit("/", 1)[1])).total == 1
    assert log_in("giang").post("/giam-sat/ho-so/trich-xuat").location.startswith("/giam-sat/ho-so")
    with store() as session:
        assert session.scalar(select(func.count()).select_from(Export)) == 1


def test_what_cannot_be_written_is_said_and_the_others_are(
    log_in: Enter, store: Store, app: Flask, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.begin() as session:
        added = documents.add(session, case, "a.txt", b"noi dung", "text/plain")
        session.execute(update(DocumentContent).where(DocumentContent.document_id == added.id).values(content=b"khac"))
    other = started(store, "số 2")
    page = asked(log_in, "/giam-sat/ho-so/trich-xuat", instance=[str(case), str(other)])
    work(store, app)
    giang = log_in("giang")
    assert f"Hồ sơ {case} không có trong tệp" in giang.get(page).text
    answer = giang.get(f"{page}/ho-so")
    assert answer.status_code == 200
    answer.close()


def test_a_called_case_is_in_it_only_for_who_supervises_that_too(log_in: Enter, store: Store, case: int, tmp_path: Path) -> None:
    with store.begin() as session:
        parent = session.get_one(ProcessInstance, case)
        for number in range(2):
            called = ProcessInstance(
                definition_id=parent.definition_id, root_id=case, parent_id=case, depth=1, business_key=f"con-{number}", state="completed",
                started_at=parent.started_at,
            )  # fmt: skip
            session.add(called)
            session.flush()
            if number:
                candidates.entrust(session, called, {"giam_sat@van_phong"})
    with store() as session:
        found = session.get_one(ProcessInstance, case)
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        assert [one.business_key for one in file.cases_of(session, found, giang)] == [found.business_key, "con-1"]


def test_the_address_is_on_the_page_for_supervisors_only(log_in: Enter, store: Store, case: int) -> None:
    assert "trich-xuat" in log_in("giang").get(f"/ho-so/{case}").text
    assert "trich-xuat" not in log_in("an").get(f"/ho-so/{case}").text


def test_it_is_put_together_on_the_disk_when_it_is_large(
    downloaded: Downloaded, case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "IN_MEMORY", 100)
    assert file.check(downloaded(case, tmp_path), KEYS).case == case


def test_paper_takes_whatever_people_type(app: Flask) -> None:
    with app.test_request_context():
        long = "Đề nghị <b>xem</b> & xét " * 400
        nested = Shown("Bản ghi", items=[Shown("", parts=[Shown("Một", text="x" * 3_000), Shown("Hai\x00\u202e", text="e\u0302\u0301")])])

        paper = Paper("Tên </para> <hồ sơ>", "", "chân trang", datetime.now(UTC))
        paper.facts([("Lý do", long)])
        paper.values([Shown("Dài", text=long), nested])
        paper.table(("Một", "Hai"), [(long, "y" * 5_000)] * 3, (80, 80))
        assert paper.content().startswith(b"%PDF-")


@pytest.mark.parametrize("folder", ["luan_chuyen_can_bo", "tham_dinh"])
def test_every_shape_of_the_procedures_is_drawn(folder: str) -> None:
    for path in (Path(__file__).parents[2] / "bpmn" / folder).glob("*.bpmn"):
        read = diagram_.Diagram.read(path.read_bytes())
        footprint = footprints.Footprint(read, [], Counter(), Counter(), set())
        svg = etree.fromstring(drawing.draw(path.read_bytes(), footprint))
        shapes = etree.fromstring(path.read_bytes()).findall(".//{*}BPMNShape")
        drawn = [node for node in svg.iter() if etree.QName(node).localname in ("rect", "polygon", "circle")]
        assert len(drawn) >= len(shapes) > 0


DRAWN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><process id="p">{node}</process><di:BPMNDiagram><di:BPMNPlane>
  <di:BPMNShape bpmnElement="a"><dc:Bounds x="0" y="0" width="100" height="80"/></di:BPMNShape>
  </di:BPMNPlane></di:BPMNDiagram></definitions>"""


def drawn(node: str) -> Any:
    source = DRAWN.format(node=node).encode()
    return etree.fromstring(drawing.draw(source, footprints.Footprint(diagram_.Diagram.read(source), [], Counter(), Counter(), set())))


@pytest.mark.parametrize("kind", [*symbols.TASKS, *symbols.GATEWAYS])
def test_tasks_and_gateways_carry_the_sign_of_their_kind(kind: str) -> None:
    signs = drawn(f'<{kind} id="a"/>').findall(".//{*}g[@data-sign]")
    assert [len(sign) for sign in signs] == [len((symbols.TASKS | symbols.GATEWAYS)[kind])]


@pytest.mark.parametrize("about", symbols.EVENTS)
def test_events_carry_the_sign_of_what_they_are_about_filled_where_they_throw(about: str) -> None:
    inner = {"multiple": 2, "parallelMultiple": 2}.get(about, 1) * f"<{about if 'ultiple' not in about else 'timer'}EventDefinition/>"
    more = 'parallelMultiple="true"' if about == "parallelMultiple" else ""
    catching, throwing = (
        etree.tostring(drawn(f'<{kind} id="a" {more}>{inner}</{kind}>').find(".//{*}g[@data-sign]"))
        for kind in ("intermediateCatchEvent", "endEvent")
    )
    assert (catching != throwing) == (about in symbols.THROWN)


def test_activities_tell_how_often_they_are_done_and_what_is_folded_into_them() -> None:
    plain, several = "<task id='a'/>", "<multiInstanceLoopCharacteristics isSequential='true'/>"
    for node, count in (
        (plain, 0),
        ("<task id='a'><standardLoopCharacteristics/></task>", 1),
        (f"<task id='a' isForCompensation='true'>{several}</task>", 2),
        ("<callActivity id='a'/>", 1),
        (f"<adHocSubProcess id='a'>{several}</adHocSubProcess>", 3),
    ):
        assert len(drawn(node).findall(".//{*}g[@data-sign]")) == count, node


def test_what_is_folded_into_a_sub_process_is_drawn_below() -> None:
    text = DRAWN.format(node="<subProcess id='a'><task id='b' name='Bên trong'/></subProcess>")
    inner = text[text.index("<di:BPMNPlane") : text.index("</di:BPMNDiagram>")].replace('"a"', '"b"')
    source = text.replace("</di:BPMNDiagram>", f"</di:BPMNDiagram><di:BPMNDiagram>{inner}</di:BPMNDiagram>").encode()
    svg = etree.fromstring(drawing.draw(source, footprints.Footprint(diagram_.Diagram.read(source), [], Counter(), Counter(), set())))
    assert svg.get("viewBox") == "-20 -20 160 280"
    assert svg.findall("{*}g")[1].get("transform") == "translate(0 140)"
    assert "Bên trong" in " ".join(svg.itertext())


def test_a_drawing_that_is_not_as_it_should_be_does_no_harm() -> None:
    source = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
      xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><process id="p">
      <task id="a" name="&lt;script&gt;alert(1)&lt;/script&gt;"/></process>
      <di:BPMNDiagram><di:BPMNPlane><di:BPMNShape bpmnElement="a"><dc:Bounds x="0" y="0" width="100" height="80"/></di:BPMNShape>
      <di:BPMNShape bpmnElement="a"><dc:Bounds x="nan" y="0" width="1e99" height="80"/></di:BPMNShape>
      <di:BPMNShape bpmnElement="'] | //*["/></di:BPMNPlane></di:BPMNDiagram></definitions>"""
    footprint = footprints.Footprint(diagram_.Diagram.read(source), [], Counter(), Counter(), set())
    found = drawing.draw(source, footprint)
    assert b"<script" not in found
    assert etree.fromstring(found).get("viewBox") == "-20 -20 160 140"
