"""What people write into the forms of the rotation procedure, step by step. The labels are those of bpmn/luan_chuyen_can_bo/forms."""

from __future__ import annotations

from pathlib import Path

from tests.browser.filling import Answers

NUMBER = "KH 2026/04"
PLAN = f"Kế hoạch luân chuyển {NUMBER}"
BINH, MAI, LONG = "Nguyễn Văn Bình", "Lý Thị Mai", "Phan Đức Long"
AT_HOME = {BINH: "Sở Xây dựng", MAI: "Sở Nông nghiệp và Môi trường", LONG: "Đảng ủy xã Phú Lâm"}
GOES_TO = {BINH: "Đảng ủy xã Phú Lâm", LONG: "Sở Xây dựng"}
PROPOSING = ["Sở Xây dựng", "Sở Nông nghiệp và Môi trường", "Đảng ủy xã Phú Lâm"]
VETTING = ["Ủy ban Kiểm tra Tỉnh ủy", "Ban Nội chính Tỉnh ủy", "Công an tỉnh"]
DECISIONS = {BINH: "61-QĐ/TU", LONG: "62-QĐ/TU"}

NEED: Answers = {
    "Số hồ sơ kế hoạch": NUMBER,
    "Nhu cầu luân chuyển": {
        "Nhu cầu luân chuyển cán bộ": "Tăng cường cán bộ có chuyên môn cho xã Phú Lâm; đào tạo cán bộ trong quy hoạch của hai sở.",
        "Mục đích": ["Đào tạo, rèn luyện cán bộ trong quy hoạch", "Tăng cường cán bộ cho nơi khó khăn"],
        "Giai đoạn": "2026 - 2030",
    },
    "Các cơ quan tham gia": {
        "Cơ quan lập kế hoạch": "Tỉnh ủy Lam Giang",
        "Cấp có thẩm quyền": "Ban Thường vụ Tỉnh ủy",
        "Cơ quan tham mưu tổ chức - cán bộ": "Ban Tổ chức Tỉnh ủy",
    },
}
REVIEW: Answers = {
    "Tình hình đội ngũ cán bộ": "214 cán bộ diện Ban Thường vụ quản lý; 37 đồng chí trong quy hoạch chưa qua cơ sở.",
    "Đánh giá": "Đủ về số lượng, còn thiếu kinh nghiệm thực tiễn.",
    "Ngày báo cáo": "12/01/2026",
}


def plan(file: Path) -> Answers:
    """Two posts, the second in a row that is added."""
    first = {
        "Số lượng": 1,
        "Nhu cầu": "Tăng cường",
        "Vị trí": "Lãnh đạo xã",
        "Chức danh": "Phó Bí thư Đảng ủy xã",
        "Hình thức": "Từ trên xuống",
        "Địa bàn": "Xã Phú Lâm",
    }
    second = {
        "Số lượng": 1,
        "Nhu cầu": "Đào tạo",
        "Vị trí": "Lãnh đạo sở",
        "Chức danh": "Phó Giám đốc Sở",
        "Hình thức": "Từ dưới lên",
        "Địa bàn": "Sở Xây dựng",
    }
    return {
        "Căn cứ": "Quy hoạch giai đoạn 2026 - 2030",
        "Thời kỳ kế hoạch": "2026 - 2030",
        "Nội dung kế hoạch": [first, second],
        "Dự thảo kế hoạch": file,
    }


REVISED: Answers = {"Căn cứ": "Quy hoạch giai đoạn 2026 - 2030 đã bổ sung", "Số kế hoạch": "07-KH/TU", "Ngày": "28/01/2026"}
SUBMISSION: Answers = {
    "Số tờ trình": "15-TTr/TU",
    "Ngày trình": "20/01/2026",
    "Người ký": "Trần Thị Hòa",
    "Nội dung trình": "Kính trình Ban Thường vụ xem xét, cho chủ trương.",
}
MEETING: Answers = {
    "Ngày họp": "02/02/2026",
    "Chủ trì": "Phạm Văn Minh",
    "Thành phần": [{"Họ và tên": "Phạm Văn Minh", "Chức vụ": "Phó Bí thư"}, {"Họ và tên": "Đào Văn Hải", "Có mặt": "Vắng mặt"}],
    "Số phiếu tán thành": 9,
    "Số phiếu không tán thành": 0,
    "Kết luận": "Thống nhất như nội dung trên.",
}
WHAT_TO_REVISE = "Bổ sung căn cứ và số của kế hoạch."
RETURNED: Answers = {
    "Chủ trương của cấp có thẩm quyền": {"Kết luận": "Trả lại để sửa", "Ý kiến": WHAT_TO_REVISE},
    "Biên bản họp": MEETING,
}
APPROVED: Answers = {
    "Chủ trương của cấp có thẩm quyền": {
        "Kết luận": "Đồng ý chủ trương",
        "Ý kiến": "Đồng ý, thực hiện trong quý II.",
        "Loại văn bản": "Kết luận",
        "Số văn bản": "18-KL/TU",
        "Ngày văn bản": "05/02/2026",
    },
    "Biên bản họp": MEETING,
}
ASK_FOR_PROPOSALS: Answers = {
    "Những nơi được đề nghị đề xuất nhân sự": PROPOSING,
    "Nội dung đề nghị": {"Nội dung trao đổi, đề nghị": "Mỗi nơi đề xuất một đồng chí trong quy hoạch."},
}


def proposal(person: str, born: str) -> Answers:
    who = {
        "Họ và tên khai sinh": person,
        "Tài khoản trong hệ thống": person,
        "Ngày sinh": born,
        "Chức vụ hiện nay": "Trưởng phòng",
        "Nơi đang công tác (cơ quan nơi đi)": AT_HOME[person],
        "Quê quán": "Xã An Lạc (nay là xã Tân An)",
        "Lý do đề xuất": "Trong quy hoạch, có năng lực.",
    }
    return {"Số văn bản": "12-CV", "Ngày văn bản": "10/02/2026", "Nhân sự đề xuất": [who]}


NO_PROPOSAL: Answers = {"Số văn bản": "09-CV", "Ngày văn bản": "11/02/2026", "Ý kiến khác": "Chưa có người phù hợp."}
GATHERED: Answers = {"Nội dung tổng hợp": "Hai nơi đề xuất hai đồng chí.", "Đã đủ nhân sự?": "Đủ, bắt đầu rà soát từng người"}


def dossier(person: str) -> Answers:
    return {
        "Chức danh, địa bàn dự kiến": {
            "Chức danh": "Phó Bí thư Đảng ủy xã",
            "Địa bàn": "Xã Phú Lâm",
            "Thời điểm dự kiến luân chuyển": "01/05/2026",
            "Thời gian luân chuyển (tháng)": 36,
        },
        "Dữ liệu để đối chiếu tiêu chuẩn, điều kiện": {
            "Mục đích luân chuyển": "Đào tạo, rèn luyện cán bộ trong quy hoạch",
            "Đang trong quy hoạch": "Có",
            "Quyết định phê duyệt quy hoạch (số, ngày)": "31-QĐ/TU, 05/06/2025",
            "Số năm công tác còn lại": 14,
            "Chức danh dự kiến thuộc diện không là người địa phương": "Không",
            "Chức danh dự kiến là người đứng đầu": "Không",
            "So với chức vụ hiện nay": "Tương đương",
            "Phải tăng thêm chức danh để luân chuyển": "Không",
            "Đáp ứng tiêu chuẩn của chức danh dự kiến": "Có",
            "Đủ sức khỏe": "Có",
            "Ngày của giấy khám sức khỏe": "15/01/2026",
            "Kỷ luật, kiểm tra, xác minh": "Không",
        },
    }


CHECKED: Answers = {"Kết luận": "Đạt tiêu chuẩn, tiêu chí", "Lý do": "Theo bảng đối chiếu."}


def intended(place: str) -> Answers:
    return {"Cơ quan nơi đến": place, "Chức danh phải qua bầu cử": "Không", "Lý do, cơ sở của phương án": "Theo kế hoạch."}


def assessment(conclusion: str) -> Answers:
    return {
        "Nhận xét, đánh giá của cơ quan nơi đi": {
            "Phẩm chất đạo đức, lối sống": "Gương mẫu.",
            "Năng lực công tác": "Nắm chắc chuyên môn.",
            "Uy tín": "Được tín nhiệm.",
            "Tiêu chuẩn chính trị": "Bảo đảm.",
            "Kết luận chung": conclusion,
            "Người ký": "Lê Văn Phúc",
            "Chức vụ người ký": "Giám đốc",
            "Ngày ký": "20/02/2026",
        },
        "Họp tập thể lãnh đạo": MEETING,
    }


GO_ON: Answers = {"Hướng xử lý": "Tiếp tục", "Ghi chú": "Nhận xét đầy đủ."}
REPLACE: Answers = {"Hướng xử lý": "Thay nhân sự", "Ghi chú": "Nơi đi không thống nhất."}
REPLACEMENT: Answers = {
    "Thay nhân sự": {"Lý do thay nhân sự": "Nơi đi đề nghị giữ lại.", "Có người thay thế?": "Có, giới thiệu người khác"},
    "Người được giới thiệu": {
        "Họ và tên khai sinh": LONG,
        "Tài khoản trong hệ thống": LONG,
        "Ngày sinh": "09/09/1984",
        "Chức vụ hiện nay": "Phó Chủ tịch UBND xã",
        "Nơi đang công tác (cơ quan nơi đi)": AT_HOME[LONG],
        "Lý do giới thiệu": "Trong quy hoạch phó giám đốc sở.",
    },
}
ASK_FOR_VETTING: Answers = {
    "Các cơ quan lấy ý kiến thẩm định": VETTING,
    "Công văn lấy ý kiến thẩm định": {
        "Số công văn": "127-CV/BTCTU",
        "Ngày công văn": "24/02/2026",
        "Cơ quan ban hành": "Ban Tổ chức Tỉnh ủy",
        "Địa danh": "Lam Giang",
        "Nội dung cần thẩm định": "Tiêu chuẩn chính trị, phẩm chất đạo đức.",
        "Người ký": "Bùi Thị An",
        "Chức vụ người ký": "Trưởng phòng Cán bộ",
    },
}
VETTED: Answers = {
    "Ý kiến": "Đồng ý",
    "Nội dung ý kiến": "Không có vấn đề cần lưu ý.",
    "Số văn bản trả lời": "33-CV",
    "Ngày văn bản": "03/03/2026",
}
SHARED: Answers = {
    "Ngày trao đổi": "02/03/2026",
    "Ý kiến về dự kiến địa bàn, chức danh, nhân sự": "Thống nhất",
    "Nội dung ý kiến": "Nhất trí với phương án.",
}
ALL_AGREE: Answers = {"Nội dung tổng hợp": "Ba cơ quan thẩm định đồng ý.", "Thống nhất phương án?": "Thống nhất, tiếp tục"}
TALK: Answers = {
    "Trao đổi với cán bộ": {
        "Ngày trao đổi": "10/03/2026",
        "Người trao đổi": "Bùi Thị An",
        "Nội dung trao đổi": "Thông báo phương án dự kiến.",
    },
    "Thông báo cho cán bộ": {
        "Nội dung thông báo": "Dự kiến luân chuyển, thời gian 36 tháng.",
        "Thời gian gặp gỡ": "12/03/2026 08:30",
        "Địa điểm gặp gỡ": "Trụ sở Ban Tổ chức Tỉnh ủy",
    },
}
WISH: Answers = {"Tâm tư, nguyện vọng": "Sẵn sàng nhận nhiệm vụ; mong được tạo điều kiện về chỗ ở."}
MET: Answers = {
    "Mục đích, yêu cầu luân chuyển đã quán triệt": "Rèn luyện qua thực tiễn.",
    "Tâm tư, nguyện vọng của cán bộ": "Sẵn sàng nhận nhiệm vụ.",
    "Trách nhiệm của cán bộ": "Hoàn thành nhiệm vụ được giao.",
    "Ngày họp": "12/03/2026",
    "Chủ trì": "Bùi Thị An",
    "Thành phần": [{"Họ và tên": "Bùi Thị An"}],
    "Kết luận": "Cán bộ nhất trí.",
}
FOR_DECISION: Answers = {
    "Số tờ trình": "110-TTr/BTCTU",
    "Ngày trình": "20/03/2026",
    "Người ký": "Bùi Thị An",
    "Nội dung trình": "Kính trình quyết định luân chuyển.",
    "Hồ sơ đã có": ["Tờ trình", "Nhận xét, đánh giá của cơ quan nơi đi", "Kết luận tiêu chuẩn chính trị"],
}


def decided(person: str) -> Answers:
    return {
        "Quyết định": {
            "Kết luận": "Quyết định luân chuyển",
            "Ý kiến chỉ đạo": "Đồng ý.",
            "Số quyết định": DECISIONS[person],
            "Ngày quyết định": "01/04/2026",
            "Người ký": "Phạm Văn Minh",
            "Ngày có hiệu lực": "01/05/2026",
            "Có việc cần thiết khác phải thực hiện": "Không",
        },
        "Biên bản họp": MEETING,
    }


ANNOUNCED: Answers = {"Ngày công bố": "15/04/2026", "Địa điểm": "Hội trường Tỉnh ủy", "Người công bố": "Phạm Văn Minh"}
HANDED_OVER: Answers = {"Ngày bàn giao": "25/04/2026", "Người nhận bàn giao": "Đỗ Văn Kiên", "Nội dung bàn giao": "Công việc, hồ sơ."}
RECEIVED: Answers = {"Ngày bắt đầu nhiệm vụ": "01/05/2026", "Nhiệm vụ được giao": "Phụ trách xây dựng Đảng."}
TAKEN_UP: Answers = {"Ngày nhận quyết định và nhiệm vụ": "01/05/2026"}
CLOSED: Answers = {"Báo cáo kết quả thực hiện kế hoạch": "Đã luân chuyển hai đồng chí.", "Ngày báo cáo": "30/06/2026"}
