"""Step 4 with the real handlers: each vetting body gets its own letter, and nobody else's."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

from docx import Document as Word
from sqlalchemy import select

from engine import executions, topics
from engine.contents import read_folder
from engine.models import Document, DocumentContent, HistoryEvent, UserTask
from engine.scenarios import Stage
from engine.worker import Worker

FOLDER = Path(__file__).parents[2] / "bpmn" / "luan_chuyen_can_bo"


def test_it_hands_each_vetting_body_its_own_letter() -> None:
    scenario = json.loads((FOLDER / "scenarios" / "10_khong_trung_cu.json").read_text(encoding="utf-8"))
    asked = next(n for n, step in enumerate(scenario["steps"]) if step["complete"] == "tra_loi_tham_dinh")
    scenario["steps"] = scenario["steps"][:asked]
    with Stage(read_folder(FOLDER), scenario) as stage:
        stage._worker = Worker(stage.sessions, topics.discover())
        assert stage.play().failed_step is None
        with stage.sessions() as session:
            letters = {}
            for task in session.scalars(select(UserTask).where(UserTask.element_id == "tra_loi_tham_dinh")):
                seen = executions.load(session, task.instance).visible(task.wait_id)
                (number,) = seen["cong_van"]
                content = session.scalar(select(DocumentContent.content).where(DocumentContent.document_id == number))
                letters[seen["noi_tham_dinh"]] = "\n".join(p.text for p in Word(BytesIO(content or b"")).paragraphs)
            assert len(session.scalars(select(Document)).all()) == 3
            told = [
                event.detail["to"] for event in session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "notification.not_sent"))
            ]
    assert {body: letter.splitlines()[0] for body, letter in letters.items()} == {
        "cong_an_tinh": "Kính gửi: Công an tỉnh",
        "ubkt_tinh_uy": "Kính gửi: Ủy ban Kiểm tra Tỉnh ủy",
        "ban_noi_chinh": "Kính gửi: Ban Nội chính Tỉnh ủy",
    }
    assert all("Nguyễn Văn Bình" in letter for letter in letters.values())
    assert sorted(told) == ["tham_dinh@ban_noi_chinh", "tham_dinh@cong_an_tinh", "tham_dinh@ubkt_tinh_uy"]
