"""What the load is: a process in which people, an outside system, a clock and a second process take turns, and what must come of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine import deployments
from tests.engine.cast import HEAD, flow, form
from web import accounts

PEOPLE = ("an", "binh", "chi", "dung", "giang", "hoa")
PASSWORD = "mat-khau-cua-thu-tai"
ROLE = "viet"
TASKS = ("mot", "hai", "ba", "bon")
CHANGES = 1 + len(TASKS)
"""State changes that people make in one case: they start it, and hand in each of its tasks."""
JOBS = 4
"""Jobs of one case at least: a service task, a timer, a message to the other process and its answer."""

DIAGRAM = f"""{HEAD}<message id="hoi" name="cau_hoi"/><message id="dap" name="cau_tra_loi"/>
<process id="chinh" name="Chính" isExecutable="true" camunda:candidateStarterGroups="{ROLE}">
<startEvent id="dau" camunda:formRef="so"/>
<userTask id="mot" name="Một" camunda:candidateGroups="{ROLE}" camunda:formRef="mot"/>
<serviceTask id="ghi" camunda:type="external" camunda:topic="goi_http"><extensionElements><camunda:inputOutput>
<camunda:inputParameter name="dia_chi">%LEDGER%</camunda:inputParameter>
<camunda:inputParameter name="phuong_thuc">POST</camunda:inputParameter>
<camunda:inputParameter name="noi_dung">${{{{"so": so, "mot": mot}}}}</camunda:inputParameter>
<camunda:outputParameter name="gap_doi">${{ket_qua_http["noi_dung"]["gap_doi"]}}</camunda:outputParameter>
</camunda:inputOutput></extensionElements></serviceTask>
<intermediateThrowEvent id="hoi_di"><extensionElements><camunda:inputOutput>
<camunda:inputParameter name="so_hoi">${{so}}</camunda:inputParameter>
</camunda:inputOutput></extensionElements><messageEventDefinition messageRef="hoi"/></intermediateThrowEvent>
<userTask id="hai" name="Hai" camunda:candidateGroups="{ROLE}" camunda:formRef="hai"/>
<intermediateCatchEvent id="hen"><timerEventDefinition><timeDuration>PT0.5S</timeDuration></timerEventDefinition></intermediateCatchEvent>
<intermediateCatchEvent id="nhan"><messageEventDefinition messageRef="dap"/></intermediateCatchEvent>
<userTask id="ba" name="Ba" camunda:candidateGroups="{ROLE}" camunda:formRef="ba"/>
<userTask id="bon" name="Bốn" camunda:candidateGroups="{ROLE}" camunda:formRef="bon"/>
<scriptTask id="cong" scriptFormat="starlark"><script>tong = so + mot + hai + ba + bon + gap_doi + tra_loi</script></scriptTask>
<endEvent id="het"/>{flow("dau", "mot", "ghi", "hoi_di", "hai", "hen", "nhan", "ba", "bon", "cong", "het")}</process>
<process id="phu" name="Phụ" isExecutable="true">
<startEvent id="p_dau"><messageEventDefinition messageRef="hoi"/></startEvent>
<scriptTask id="p_tinh" scriptFormat="starlark"><script>ket_qua = so_hoi * 3</script></scriptTask>
<endEvent id="p_het"><extensionElements><camunda:inputOutput>
<camunda:inputParameter name="tra_loi">${{ket_qua}}</camunda:inputParameter>
</camunda:inputOutput></extensionElements><messageEventDefinition messageRef="dap"/></endEvent>{flow("p_dau", "p_tinh", "p_het")}</process>
</definitions>"""

PASSED = ("dau", *TASKS, "ghi", "hoi_di", "hen", "nhan", "cong", "het", "p_dau", "p_tinh", "p_het")
"""Elements that are passed once for every case."""


def entered(number: int, task: str) -> int:
    """What is typed into `task` of the case with this number."""
    return 7 * number + 3 ** TASKS.index(task)


def noted(number: int) -> int:
    """What the outside ledger is given for the case with this number."""
    return number + entered(number, "mot")


def total(number: int) -> int:
    """Variable `tong` of the case with this number, when it has ended."""
    return number + sum(entered(number, task) for task in TASKS) + 2 * noted(number) + 3 * number


def prepare(session: Session, ledger: str) -> None:
    """The people, and the process that calls `ledger`."""
    for username in PEOPLE:
        accounts.add(session, username, username.capitalize(), PASSWORD, roles=(f"{ROLE}@so_a",))
    forms = {f"forms/{name}.form": form(name, name).replace(b'"textfield"', b'"number"') for name in ("so", *TASKS)}
    deployments.deploy(session, "thu_tai", {"thu_tai.bpmn": DIAGRAM.replace("%LEDGER%", ledger).encode(), **forms})
