"""A comparison in words: kinds, types of elements and fields, properties, values."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from engine.comparison import Difference, Kind
from web.assets import icon
from web.language import gettext as _
from web.picture import TYPES

KINDS = {
    Kind.ADDED: (_l("thêm"), "plus-lg"),
    Kind.REMOVED: (_l("bỏ"), "dash-lg"),
    Kind.CHANGED: (_l("sửa"), "pencil"),
    Kind.MOVED: (_l("dời chỗ"), "arrows-move"),
    Kind.SAME: (_l("giữ nguyên"), "check-lg"),
}
MORE_TYPES = {
    "process": _l("quy trình"), "participant": _l("bể"), "collaboration": _l("sơ đồ phối hợp"), "lane": _l("làn"),
    "sequenceFlow": _l("luồng"), "messageFlow": _l("luồng thông điệp"), "association": _l("đường nối ghi chú"),
    "textAnnotation": _l("ghi chú"), "group": _l("khung nhóm"), "dataObject": _l("dữ liệu"), "dataObjectReference": _l("dữ liệu"),
    "dataStoreReference": _l("kho dữ liệu"), "dataStore": _l("kho dữ liệu"), "message": _l("thông điệp"), "signal": _l("tín hiệu"),
    "error": _l("lỗi nghiệp vụ"), "escalation": _l("báo cấp trên"), "category": _l("nhóm"), "transaction": _l("nhóm bước"),
    "adHocSubProcess": _l("nhóm bước tùy chọn"), "complexGateway": _l("rẽ nhánh phức hợp"), "form": _l("biểu mẫu"),
    "textfield": _l("ô chữ"), "textarea": _l("ô chữ nhiều dòng"), "number": _l("ô số"), "datetime": _l("ô ngày giờ"),
    "checkbox": _l("ô đánh dấu"), "checklist": _l("nhiều lựa chọn"), "radio": _l("một lựa chọn"), "select": _l("danh sách chọn"),
    "taglist": _l("danh sách nhãn"), "filepicker": _l("ô đính kèm tệp"), "button": _l("nút"), "separator": _l("đường kẻ"),
    "spacer": _l("khoảng trống"), "html": _l("đoạn văn bản"), "image": _l("hình"), "dynamiclist": _l("danh sách lặp"),
    "table": _l("bảng"), "expression": _l("biểu thức"),
}  # fmt: skip
IN_FORMS = {"group": _l("nhóm ô"), "text": _l("đoạn văn bản")}

PROPERTIES = {
    "name": _l("tên"), "type": _l("loại"), "documentation": _l("mô tả"), "text": _l("nội dung ghi chú"), "lane": _l("làn"),
    "parent": _l("nằm trong"), "sourceRef": _l("đi từ"), "targetRef": _l("đi tới"), "attachedToRef": _l("gắn vào bước"),
    "default": _l("nhánh mặc định"), "order": _l("thứ tự xét các nhánh"), "conditionExpression": _l("điều kiện"),
    "isExecutable": _l("chạy được"), "cancelActivity": _l("dừng bước khi xảy ra"), "isInterrupting": _l("dừng nhóm bước khi xảy ra"),
    "script": _l("kịch bản"), "scriptFormat": _l("ngôn ngữ kịch bản"), "calledElement": _l("quy trình được gọi"),
    "camunda:assignee": _l("người được giao"), "camunda:candidateGroups": _l("nhóm có thể nhận"),
    "camunda:candidateUsers": _l("người có thể nhận"), "camunda:candidateStarterGroups": _l("nhóm được khởi tạo"),
    "camunda:candidateStarterUsers": _l("người được khởi tạo"), "camunda:dueDate": _l("hạn"), "camunda:followUpDate": _l("ngày nhắc"),
    "camunda:priority": _l("mức ưu tiên"), "camunda:formRef": _l("biểu mẫu"), "camunda:formKey": _l("biểu mẫu"),
    "camunda:decisionRef": _l("bảng quyết định"), "camunda:resultVariable": _l("biến kết quả"),
    "camunda:mapDecisionResult": _l("cách lấy kết quả"), "camunda:topic": _l("chủ đề việc tự động"), "camunda:type": _l("cách thực hiện"),
    "camunda:calledElementBinding": _l("bản được gọi"), "camunda:calledElementVersion": _l("số bản được gọi"),
    "camunda:collection": _l("lặp theo danh sách"), "camunda:elementVariable": _l("biến của mỗi lượt"),
    "timeDuration": _l("khoảng thời gian"), "timeDate": _l("thời điểm"), "timeCycle": _l("chu kỳ"),
    "completionCondition": _l("điều kiện kết thúc sớm"),
    "loopCardinality": _l("số lượt"), "isSequential": _l("lần lượt từng lượt"), "messageRef": _l("thông điệp"), "signalRef": _l("tín hiệu"),
    "errorRef": _l("lỗi nghiệp vụ"), "errorCode": _l("mã lỗi"), "escalationRef": _l("báo cấp trên"), "processRef": _l("quy trình"),
    "camunda:failedJobRetryTimeCycle": _l("số lần thử lại"), "hitPolicy": _l("cách chọn dòng"), "aggregation": _l("cách gộp"),
    "expression": _l("biểu thức"), "typeRef": _l("kiểu dữ liệu"), "allowed": _l("giá trị cho phép"), "requires": _l("cần kết quả của"),
    "variable": _l("tên biến"), "logic": _l("cách quyết định"), "defaultOutputEntry": _l("giá trị mặc định"), "label": _l("nhãn"),
    "camunda:inputVariable": _l("tên biến trong ô"), "key": _l("tên biến"), "description": _l("lời dẫn"), "dateLabel": _l("nhãn"),
    "validate.required": _l("bắt buộc"), "validate.minLength": _l("số chữ ít nhất"), "validate.maxLength": _l("số chữ nhiều nhất"),
    "validate.min": _l("giá trị nhỏ nhất"), "validate.max": _l("giá trị lớn nhất"), "validate.pattern": _l("mẫu ký tự"),
    "conditional.hide": _l("ẩn khi"), "defaultValue": _l("giá trị mặc định"), "valuesExpression": _l("danh sách lấy từ"),
    "valuesKey": _l("danh sách lấy từ biến"), "multiple": _l("nhiều tệp"), "accept": _l("loại tệp"), "readonly": _l("chỉ đọc"),
    "disabled": _l("khóa"), "path": _l("nhánh dữ liệu"), "subtype": _l("kiểu ngày giờ"),
}  # fmt: skip
INNER = (
    (re.compile(r"camunda:properties/camunda:property\[can_cu\].*"), _l("căn cứ")),
    (re.compile(r"camunda:properties/camunda:property\[(.*)\].*"), _l("thuộc tính %(name)s")),
    (re.compile(r"camunda:inputOutput/camunda:inputParameter\[(.*?)\].*"), _l("biến vào %(name)s")),
    (re.compile(r"camunda:inputOutput/camunda:outputParameter\[(.*?)\].*"), _l("biến ra %(name)s")),
    (re.compile(r"camunda:in\[(.*?)\].*"), _l("biến giao đi %(name)s")),
    (re.compile(r"camunda:out\[(.*?)\].*"), _l("biến nhận về %(name)s")),
    (re.compile(r"camunda:formData/camunda:formField\[(.*?)\].*"), _l("ô nhập %(name)s")),
    (re.compile(r"values\[(.*?)\].*"), _l("lựa chọn %(name)s")),
)
_LAST = re.compile(r"[/@]")


def kind_label(kind: Kind) -> Markup:
    """A kind as colour, shape and word."""
    word, shape = KINDS[kind]
    return Markup('<span class="diff diff-{}">{} {}</span>').format(str(kind), icon(shape), word)


def type_words(name: str, family: str = "diagram") -> str:
    """What kind of element or field it is."""
    if family == "form" and name in IN_FORMS:
        return str(IN_FORMS[name])
    return str(TYPES.get(name) or MORE_TYPES.get(name) or name)


def difference_words(one: Difference) -> str:
    """How an element is called: by its name, by what it connects, else by its id."""
    if one.name:
        return one.name
    return _("từ “%(start)s” tới “%(end)s”", start=one.ends[0], end=one.ends[1]) if one.ends else one.id


def property_words(path: str) -> str | Markup:
    """A property in words, or, where there are none, its path as it stands in the file."""
    if path in PROPERTIES:
        return str(PROPERTIES[path])
    for pattern, words in INNER:
        found = pattern.fullmatch(path)
        if found:
            return str(words % {"name": found[1] if found.groups() else ""})
    last = PROPERTIES.get(_LAST.split(path)[-1])
    return str(last) if last else Markup("<code>{}</code>").format(path.rpartition("}")[2] if path.startswith("{") else path)


def value_words(value: str | None) -> str:
    """A value; what says yes or no is said so."""
    if value is None:
        return ""
    return {"true": _("có"), "false": _("không")}.get(value, value)
