"""Demo data: the fictional province Lam Giang. No body, person or plan in it exists.

Everything is done through the engine, as people would do it; nothing is written behind its back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import contents, db, deployments, instances, user_tasks, workspaces
from engine.errors import Forbidden
from engine.models import Organisation, User, UserTask
from web import accounts

PASSWORD = "lam-giang-2026"  # noqa: S105  # printed beside the accounts of the demo, and refused in real installations
FOLDER = Path(__file__).parent.parent / "bpmn" / "luan_chuyen_can_bo"

BODIES = {
    "tinh_uy": "Tỉnh ủy Lam Giang",
    "ban_thuong_vu": "Ban Thường vụ Tỉnh ủy",
    "ban_to_chuc": "Ban Tổ chức Tỉnh ủy",
    "van_phong": "Văn phòng Tỉnh ủy",
    "uy_ban_kiem_tra": "Ủy ban Kiểm tra Tỉnh ủy",
    "ban_noi_chinh": "Ban Nội chính Tỉnh ủy",
    "cong_an": "Công an tỉnh",
    "so_xay_dung": "Sở Xây dựng",
    "so_nong_nghiep": "Sở Nông nghiệp và Môi trường",
    "xa_phu_lam": "Đảng ủy xã Phú Lâm",
}
LATE = timedelta(days=2)
"""How long ago the deadline was: where mail is set up, the holder is told at once, the head and the supervisors in the days that follow."""
CHILDREN = ("ban_thuong_vu", "ban_to_chuc", "van_phong", "uy_ban_kiem_tra", "ban_noi_chinh")


@dataclass(frozen=True)
class Person:
    """An account of the demo."""

    username: str
    name: str
    position: str
    roles: tuple[str, ...]
    does: str


def _unit(code: str) -> tuple[str, ...]:
    """A unit proposes people, sends them and receives others."""
    return f"de_xuat@{code}", f"noi_di@{code}", f"noi_den@{code}"


PEOPLE = (
    Person("hoa", "Trần Thị Hòa", "Phó Chánh Văn phòng", ("khoi_xuong@tinh_uy",), "khởi tạo và trình kế hoạch"),
    Person("thang", "Vũ Đức Thắng", "Chánh Văn phòng", ("lanh_dao@tinh_uy",), "lãnh đạo đơn vị của hoa: được báo việc trễ"),
    Person("minh", "Phạm Văn Minh", "Phó Bí thư Thường trực", ("co_tham_quyen@ban_thuong_vu",), "cho chủ trương, quyết định"),
    Person("an", "Bùi Thị An", "Trưởng phòng Cán bộ", ("tham_muu@ban_to_chuc",), "tham mưu: tổng hợp, rà soát, trình"),
    Person("dung", "Lê Quốc Dũng", "Phó Trưởng ban", ("tham_muu@ban_to_chuc",), "tham mưu, cùng phòng với an"),
    Person("lan", "Nguyễn Thị Lan", "Chánh Văn phòng Sở", _unit("so_xay_dung"), "đề xuất; cơ quan nơi đi, nơi đến"),
    Person("tuan", "Võ Anh Tuấn", "Chánh Văn phòng Sở", _unit("so_nong_nghiep"), "đề xuất; cơ quan nơi đi, nơi đến"),
    Person("hanh", "Đặng Mỹ Hạnh", "Phó Bí thư Thường trực", _unit("xa_phu_lam"), "đề xuất; cơ quan nơi đi, nơi đến"),
    Person("kien", "Hoàng Trung Kiên", "Phó Chủ nhiệm", ("tham_dinh@uy_ban_kiem_tra",), "trả lời thẩm định"),
    Person("thu", "Đỗ Minh Thu", "Phó Trưởng ban", ("tham_dinh@ban_noi_chinh",), "trả lời thẩm định"),
    Person("son", "Trịnh Ngọc Sơn", "Trưởng phòng", ("tham_dinh@cong_an",), "trả lời thẩm định"),
    Person("binh", "Nguyễn Văn Bình", "Phó Giám đốc Sở Xây dựng", ("can_bo@so_xay_dung",), "cán bộ dự kiến luân chuyển"),
    Person("mai", "Lý Thị Mai", "Trưởng phòng, Sở Nông nghiệp và Môi trường", ("can_bo@so_nong_nghiep",), "cán bộ dự kiến luân chuyển"),
    Person("long", "Phan Đức Long", "Phó Chủ tịch UBND xã Phú Lâm", ("can_bo@xa_phu_lam",), "cán bộ dự kiến luân chuyển"),
    Person("quynh", "Mai Như Quỳnh", "Chuyên viên tổng hợp", ("giam_sat@van_phong",), "giám sát mọi hồ sơ"),
    Person("phuc", "Hồ Thiên Phúc", "Chuyên viên phân tích quy trình", ("phan_tich@ban_to_chuc",), "sửa bản nháp quy trình"),
    Person("ngoc", "Trương Bảo Ngọc", "Phó Trưởng ban", ("ban_hanh@ban_to_chuc",), "phát hành phiên bản quy trình"),
)

NEED: dict[str, Any] = {
    "so_ho_so": "KH 2026/03",
    "nhu_cau": {
        "noi_dung": "Hai sở thiếu phó giám đốc đã qua công tác ở cơ sở; xã Phú Lâm cần tăng cường cán bộ có chuyên môn về xây dựng.",
        "muc_dich": ["dao_tao", "tang_cuong"],
        "giai_doan": "2026 - 2030",
        "tep": [],
    },
    "to_chuc_khoi_xuong": "tinh_uy",
    "to_chuc_tham_quyen": "ban_thuong_vu",
    "to_chuc_tham_muu": "ban_to_chuc",
}
REVIEW: dict[str, Any] = {
    "ra_soat_doi_ngu": {
        "tinh_hinh": "Tỉnh có 214 cán bộ diện Ban Thường vụ quản lý; 37 đồng chí trong quy hoạch chưa qua công tác ở cơ sở.",
        "danh_gia": "Đội ngũ đủ về số lượng, còn thiếu kinh nghiệm thực tiễn ở xã; hai sở có cơ cấu khép kín.",
        "quy_hoach": "12 đồng chí trong quy hoạch phó giám đốc sở và tương đương.",
        "chuc_danh_han_che": None,
        "ngay_bao_cao": "2026-03-02",
        "tep": [],
    }
}


def load(session: Session) -> list[Person]:
    """Fill an empty database. Raises Forbidden where there are accounts already: demo data has no place among real ones."""
    if session.scalar(select(User.id).limit(1)) is not None:
        raise Forbidden(action="load demo data", reason="this database has accounts already")
    for code, name in BODIES.items():
        accounts.organisation(session, code, name)
    _under_one_roof(session)
    for person in PEOPLE:
        email = f"{person.username}@lamgiang.example"
        accounts.add(session, person.username, person.name, PASSWORD, position=person.position, email=email, roles=person.roles)
    deployments.deploy(session, FOLDER.name, contents.read_folder(FOLDER), note="Dữ liệu trình diễn")
    _plan_under_way(session)
    _scenarios(session)
    return list(PEOPLE)


def _scenarios(session: Session) -> None:
    """The folder's scenarios stand in its draft, for who tries it out."""
    found = {f"scenarios/{file.name}": file.read_bytes() for file in sorted((FOLDER / "scenarios").glob("*.json"))}
    workspaces.change(session, workspaces.open(session, FOLDER.name), found, None)


def _under_one_roof(session: Session) -> None:
    roof = accounts.organisation(session, "tinh_uy")
    for body in session.scalars(select(Organisation).where(Organisation.code.in_(CHILDREN))):
        body.parent_id = roof.id


def _plan_under_way(session: Session) -> None:
    """One plan, its first step done: the inbox of `hoa` has the next, which is late."""
    hoa = session.scalars(select(User).where(User.username == "hoa")).one()
    case = instances.start(session, deployments.latest(session, FOLDER.name), NEED, user=hoa, business_key="KH 2026/03")
    first = session.scalars(select(UserTask).where(UserTask.instance_id == case.id, UserTask.state == user_tasks.OPEN)).one()
    user_tasks.claim(session, first.id, hoa)
    user_tasks.complete(session, first.id, hoa, REVIEW)
    following = session.scalars(select(UserTask).where(UserTask.instance_id == case.id, UserTask.state == user_tasks.OPEN)).one()
    user_tasks.claim(session, following.id, hoa)
    quynh = session.scalars(select(User).where(User.username == "quynh")).one()
    user_tasks.set_due_date(session, following.id, quynh, db.now(session) - LATE, "Theo kết luận giao ban của Thường trực Tỉnh ủy")


def describe(people: list[Person], address: str) -> str:
    """What is printed: the address, and every account with what it is for."""
    wide = max(len(person.username) for person in people)
    lines = [f"{person.username:<{wide}}  {person.name}, {person.position}: {person.does}" for person in people]
    head = [f"Địa chỉ: {address}", f"Mật khẩu của mọi tài khoản: {PASSWORD}", "Dữ liệu hư cấu, chỉ để trình diễn.", ""]
    return "\n".join([*head, *lines])
