"""What is wrong with a field, in Vietnamese: what was expected and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from jsonschema import ValidationError

from engine.forms.component import CHOICES
from engine.forms.place import Place
from engine.forms.typed import moment, number

UNKNOWN = "Biểu mẫu không có trường này; hãy tải lại trang rồi gửi lại."
LOCKED = "“{label}” chỉ để đọc, nhưng dữ liệu gửi lên lại sửa trường này."
NOT_ATTACHED = "“{label}” cần các tệp đã đính kèm ở việc này, nhưng tệp số {found} không thuộc việc này."
PAST = "“{label}” cần một ngày từ hôm nay trở đi, nhưng đã nhập {found}."
EXAMPLES = {"date": "ngày dạng ngày/tháng/năm, ví dụ 05/03/2026", "time": "giờ dạng giờ:phút, ví dụ 08:30"}
EXAMPLES["datetime"] = "ngày giờ dạng ngày/tháng/năm giờ:phút, ví dụ 05/03/2026 08:30"


def of_errors(errors: Iterable[ValidationError], places: Mapping[str, Place]) -> dict[str, str]:
    """Path of the field -> sentence. One sentence per field: the first that was found."""
    found: dict[str, str] = {}
    for error in errors:
        path = [str(part) for part in error.absolute_path]
        if error.validator == "required":
            for key in error.validator_value:
                if isinstance(error.instance, Mapping) and key not in error.instance:
                    name = ".".join([*path, key])
                    found.setdefault(name, missing(places[name]) if name in places else UNKNOWN)
        elif error.validator == "additionalProperties":
            for key in set(error.instance) - set(error.schema["properties"]):
                found.setdefault(".".join([*path, str(key)]), UNKNOWN)
        else:
            name, place = _nearest(path, places)
            found.setdefault(name, _say(error, place) if place else f"Cần một nhóm trường, nhưng nhận được {shown(error.instance)}.")
    return found


def missing(place: Place) -> str:
    """A required field is empty."""
    label = place.label
    if place.type in CHOICES:
        return f"Cần chọn “{label}”, nhưng chưa có lựa chọn nào."
    if place.type == "filepicker":
        return f"Cần đính kèm tệp vào “{label}”, nhưng chưa có tệp nào."
    if place.type == "checkbox":
        return f"Cần đánh dấu “{label}”, nhưng ô này chưa được đánh dấu."
    if place.type == "dynamiclist":
        return f"“{label}” cần ít nhất một dòng, nhưng chưa có dòng nào."
    return f"Cần nhập “{label}”, nhưng ô này đang trống."


def shown(value: object) -> str:
    """What was found, shortened, as people type it."""
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        value = moment(value)
        return f"“{value[:60]}…”" if len(value) > 60 else f"“{value}”"
    return "một danh sách" if isinstance(value, list) else "một nhóm trường" if isinstance(value, Mapping) else "giá trị trống"


def _nearest(path: list[str], places: Mapping[str, Place]) -> tuple[str, Place | None]:
    for end in range(len(path), 0, -1):
        name = ".".join(path[:end])
        if name in places:
            return name, places[name]
    return ".".join(path), None


def _say(error: ValidationError, place: Place) -> str:
    if error.validator == "const":
        return missing(place)
    expected = _EXPECTED.get(str(error.validator), _expected_kind)(error, place)
    found = f"có {len(error.instance)} ký tự" if error.validator in ("minLength", "maxLength") else f"đã nhập {shown(error.instance)}"
    if error.validator in ("minItems", "maxItems", "uniqueItems"):
        found = f"đang có {len(error.instance)}"
    elif place.type in CHOICES:
        found = f"đã chọn {shown(error.instance)}"
    return f"“{place.label}” cần {expected}, nhưng {found}."


def _expected_kind(error: ValidationError, place: Place) -> str:
    if place.type == "number":
        whole = place.component.raw.get("decimalDigits") == 0
        return "một số nguyên, ví dụ 12" if whole else "một số, phần thập phân sau dấu phẩy, ví dụ 12,5"
    if place.type == "datetime":
        return EXAMPLES.get(place.component.subtype, EXAMPLES["date"])
    if place.type == "dynamiclist":
        return "một danh sách các dòng"
    kinds = {"filepicker": "danh sách các tệp đã đính kèm", "checkbox": "được đánh dấu hoặc không", "textfield": "một dòng chữ"}
    return "các lựa chọn có trong danh sách" if place.type in CHOICES else kinds.get(place.type, "một đoạn chữ")


def _expected_format(error: ValidationError, place: Place) -> str:
    special = {
        "email": "địa chỉ thư điện tử, ví dụ an@tinh.vn",
        "phone": "số điện thoại, ví dụ 0912 345 678",
        "line": "một dòng chữ không có ký tự điều khiển",
        "text": "chữ không có ký tự điều khiển",
    }
    return special.get(error.validator_value) or _expected_kind(error, place)


def _expected_digits(error: ValidationError, place: Place) -> str:
    most = error.validator_value
    if "too large" in error.message:
        return "một số nhỏ hơn một triệu tỷ"
    return f"một số có nhiều nhất {most} chữ số sau dấu phẩy" if most else "một số nguyên, ví dụ 12"


def _rows(place: Place) -> str:
    return "tệp" if place.type == "filepicker" else "dòng" if place.type == "dynamiclist" else "lựa chọn"


_EXPECTED: dict[str, Callable[[ValidationError, Place], str]] = {
    "format": _expected_format,
    "decimalDigits": _expected_digits,
    "enum": lambda error, place: "một lựa chọn có trong danh sách",
    "minLength": lambda error, place: f"ít nhất {error.validator_value} ký tự",
    "maxLength": lambda error, place: f"nhiều nhất {error.validator_value} ký tự",
    "minimum": lambda error, place: f"một số từ {shown(error.validator_value)} trở lên",
    "maximum": lambda error, place: f"một số không quá {shown(error.validator_value)}",
    "minItems": lambda error, place: f"ít nhất {error.validator_value} {_rows(place)}",
    "maxItems": lambda error, place: f"nhiều nhất {error.validator_value} {_rows(place)}",
    "uniqueItems": lambda error, place: f"mỗi {_rows(place)} chỉ một lần",
    "javascriptPattern": lambda error, place: place.description or f"đúng mẫu {error.validator_value}",
}
