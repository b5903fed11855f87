"""The part of Camunda 7's REST interface that Camunda Modeler's Deploy dialog asks: version, deployments, deployment/create.

For programs: every request brings its account (basic: name and password; bearer: a token), there is no session and so nothing to forge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, wraps
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from engine import db as engine_db
from engine import deployments, reader, releases, topics, workspaces
from engine.errors import EngineError, Finding, Refused, Severity
from engine.lint import verdict
from engine.models import Deployment, ProcessDefinition, User
from engine.sentences import HOME, say
from web import incoming, tokens
from web.auth import authenticate
from web.database import db, keep, writing
from web.errors import TooManyAttempts, status_of
from web.rights import may_release
from web.sessions import csrf

bp = Blueprint("engine_rest", __name__, url_prefix="/engine-rest")
csrf.exempt(bp)

VERSION = "7.21.0"
"""The version of Camunda whose requests and answers these are: Camunda Modeler asks for it."""
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
RESERVED = ("deployment-name", "deployment-source", "enable-duplicate-filtering", "deploy-changed-only")
UNSUPPORTED = {"tenant-id": "đơn vị thuê (tenant)", "deployment-activation-time": "thời điểm kích hoạt"}
DESKTOP = frozenset({"null", "file://"})
"""Origins of a program on the desktop. No website has them, and there is no session that a page could abuse."""
View = Callable[..., ResponseReturnValue]


# --- who asks ----------------------------------------------------------------------------------------------------------------------------


def asked_by_account(view: View) -> View:
    """Hands the account of the request to `view`; without one: 401."""

    @wraps(view)
    def ask(**arguments: Any) -> ResponseReturnValue:
        user = _account()
        if user is None:
            keep()  # A wrong password has been counted.
            said = _refuse(401, "AuthenticationException", "Cần tên và mật khẩu đúng, hoặc mã truy cập (bearer) còn hạn.")
            said.headers["WWW-Authenticate"] = 'Basic realm="engine-rest", charset="UTF-8"'
            return said
        return view(user, **arguments)

    return writing(ask)


def for_releasing(view: View) -> View:
    """As asked_by_account, and the account must have the right to release."""

    @wraps(view)
    def ask(user: User, **arguments: Any) -> ResponseReturnValue:
        if not may_release(user):
            return _refuse(403, "AuthorizationException", f"Tài khoản {user.username} không có quyền phát hành quy trình.")
        return view(user, **arguments)

    return asked_by_account(ask)


def _account() -> User | None:
    given = request.authorization
    if given is None:
        return None
    if given.type == "bearer":
        return tokens.holder(given.token or "")
    if given.type != "basic":
        return None
    return authenticate((given.username or "").strip()[:80], (given.password or "")[:1000])


# --- what is asked -----------------------------------------------------------------------------------------------------------------------


@bp.get("/version")
@asked_by_account
def version(_user: User) -> ResponseReturnValue:
    return jsonify(version=VERSION)


@bp.post("/token")
@asked_by_account
def token(user: User) -> ResponseReturnValue:
    """A token for the account, so that a program needs not keep its password."""
    made, until = tokens.issue(user)
    return jsonify(token=made, expires=_moment(until))


@bp.get("/deployment")
@for_releasing
def list_(_user: User) -> ResponseReturnValue:
    first, most = (request.args.get(name, default, type=int) for name, default in (("firstResult", 0), ("maxResults", 100)))
    query = select(Deployment).order_by(Deployment.id.desc()).offset(max(first, 0)).limit(min(max(most, 0), 1000))
    return jsonify([_said(deployment) for deployment in db.session.scalars(query)])


@bp.post("/deployment/create")
@for_releasing
def create(user: User) -> ResponseReturnValue:
    """Files that come in replace those of the same name in what the folder holds now, or are added; all others stay."""
    folder, files, user_id = _folder(), _files(), user.id
    draft = _merged(folder, files)
    db.session.commit()  # Reading strangers' files takes seconds: outside any transaction.
    findings = reader.check(draft, _topics())
    engine_db.alone(db.session(), "deploy")
    # Somebody may have released other files of this folder while these were read: his are kept, and nothing unread is released.
    whole = _merged(folder, files)
    note = request.form.get("deployment-source", "").strip()[:200]
    try:
        if current_app.config["RELEASE_APPROVAL"] and deployments.present(db.session(), folder, whole) is None:
            return _propose(releases.Wish(folder, whole, note), user_id)
        deployment = deployments.deploy(db.session(), folder, whole, user=db.session.get_one(User, user_id), note=note, topics=_topics())
    except Refused as refused:
        warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
        return _findings([*refused.findings, *warnings], next(iter(files)), _kept(folder, whole, refused, user_id, note))
    sent = set(incoming.placed(list(files), whole).values())
    # Camunda Modeler takes the first definition for the one of its diagram: the order counts.
    said = json.dumps(_said(deployment) | {"links": [], **_definitions(deployment, sent)}, ensure_ascii=False)
    return Response(said, mimetype="application/json")


def _propose(wish: releases.Wish, user_id: int) -> Response:
    """It takes a second person. Camunda Modeler says nothing of what it was answered but of refusals, so this comes as one."""
    asked = releases.propose(db.session(), wish, user=db.session.get_one(User, user_id), topics=_topics())
    keep()
    where = url_for("studio.proposal", folder=wish.folder, release_id=asked.id, _external=True)
    message = f"Chưa có hiệu lực. Đã nhận và gửi thành đề nghị phát hành số {asked.id}; người thứ hai có quyền phát hành duyệt tại {where}."
    return _refuse(409, "ReleaseProposed", message, release=asked.id)


def _kept(folder: str, files: Mapping[str, bytes], refused: Refused, user_id: int, note: str) -> str:
    """A drawing with nothing worse than to-dos is kept as a draft, so that it can be finished elsewhere. What is said about it."""
    if verdict(refused.findings) != "draft":
        return ""
    _workspace, kept = workspaces.put_aside(db.session(), folder, files, db.session.get_one(User, user_id), note)
    keep()
    if kept.aside:
        return "Bản vẽ được giữ riêng trong mục Thiết kế, bên cạnh bản nháp đang có người sửa."
    return "Bản vẽ được giữ làm bản nháp trong mục Thiết kế."


def _folder() -> str:
    folder = request.form.get("deployment-name", "").strip()
    if not FOLDER.fullmatch(folder):
        raise incoming.Unwanted(
            "Tên bản triển khai (Deployment name) phải là tên thư mục quy trình: chữ không dấu, chữ số, “_” hoặc “-”, ví dụ nghi_phep;"
            f" nhận được {folder[:80]!r}."
        )
    for field, word in UNSUPPORTED.items():
        if request.form.get(field, "").strip():
            raise incoming.Unwanted(f"Máy chủ này không dùng {word}: hãy bỏ trống {field}.")
    return folder


def _files() -> dict[str, bytes]:
    """What came in, byte for byte, by the names it came under."""
    if unknown := [name for name in request.form if name not in (*RESERVED, *UNSUPPORTED)]:
        raise incoming.Unwanted(f"Phần {unknown[0][:80]!r} của yêu cầu không phải tệp: mỗi tệp phải kèm tên tệp.")
    found: dict[str, bytes] = {}
    for _, storage in request.files.items(multi=True):
        name = incoming.checked(storage.filename or "")
        if name in found:
            raise incoming.Unwanted(f"Tệp {name} được gửi hai lần.")
        found[name] = storage.stream.read()
    if not found:
        raise incoming.Unwanted("Yêu cầu không có tệp nào để triển khai.")
    return found


def _merged(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The folder as it would be: what it holds now, with `files` put in."""
    last = deployments.newest(db.session(), folder)
    present = dict(deployments.contents(db.session(), last).files) if last else {}
    for name, target in incoming.placed(list(files), present).items():
        present[target] = files[name]
    return present


@cache
def _topics() -> frozenset[str]:
    return frozenset(topics.discover("handlers"))


# --- what is answered --------------------------------------------------------------------------------------------------------------------


def _said(deployment: Deployment) -> dict[str, Any]:
    moment = _moment(deployment.deployed_at)
    return {
        "id": str(deployment.id),
        "name": deployment.folder,
        "source": deployment.note or None,
        "deploymentTime": moment,
        "tenantId": None,
    }


def _definitions(deployment: Deployment, sent: Collection[str]) -> dict[str, Any]:
    """The processes of the deployment, first those of the files that were sent."""
    query = select(ProcessDefinition).where(ProcessDefinition.deployment_id == deployment.id).order_by(ProcessDefinition.id)
    found = {}
    for definition in sorted(db.session.scalars(query), key=lambda each: each.resource.name not in sent):
        id_ = f"{definition.key}:{definition.version}:{definition.id}"
        found[id_] = {
            "id": id_,
            "key": definition.key,
            "category": None,
            "description": None,
            "name": definition.name,
            "version": definition.version,
            "resource": definition.resource.name,
            "deploymentId": str(deployment.id),
            "diagram": None,
            "suspended": definition.suspended,
            "tenantId": None,
            "versionTag": None,
            "historyTimeToLive": None,
            "startableInTasklist": definition.startable,
        }
    others = ("deployedCaseDefinitions", "deployedDecisionDefinitions", "deployedDecisionRequirementsDefinitions")
    return {"deployedProcessDefinitions": found or None, **dict.fromkeys(others)}


def _moment(moment: datetime) -> str:
    """As Camunda writes it: 2026-03-02T08:00:00.000+0700."""
    local = moment.astimezone(HOME)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{local:%z}"


def _findings(findings: Sequence[Finding], first: str, kept: str = "") -> Response:
    """All findings in the message too: it is what Camunda Modeler shows in its log."""
    details: dict[str, dict[str, list[dict[str, Any]]]] = {}
    lines = []
    for finding in findings:
        file = finding.file or first
        report = details.setdefault(file, {"errors": [], "warnings": []})
        report["warnings" if finding.severity is Severity.WARNING else "errors"].append(_problem(finding))
        if finding.severity is not Severity.WARNING:
            where = [file, f"dòng {finding.line or 0}", finding.element]
            lines.append(f"* {finding.vi} | {' | '.join(part for part in where if part)}")
    message = "\n".join(
        [f"ENGINE-09005 Could not parse BPMN process. Chưa phát hành được, có {len(lines)} lỗi:", *lines, *([kept] if kept else [])]
    )
    return _refuse(400, "ParseException", message, details=details)


def _problem(finding: Finding) -> dict[str, Any]:
    return {
        "message": finding.vi,
        "line": finding.line or 0,
        "column": 0,
        "mainElementId": finding.element,
        "elementIds": [finding.element] if finding.element else [],
    }


def _refuse(status: int, kind: str, message: str, **more: Any) -> Response:
    said = jsonify(type=kind, message=message, code=None, **more)
    said.status_code = status
    return said


@bp.errorhandler(incoming.Unwanted)
def _unwanted(error: incoming.Unwanted) -> Response:
    db.session.rollback()
    return _refuse(400, "InvalidRequestException", str(error))


@bp.errorhandler(EngineError)
def _engine(error: EngineError) -> Response:
    db.session.rollback()
    status = status_of(error)
    return _refuse(400 if status == 422 else status, "ProcessEngineException", say(error, "vi"))


@bp.errorhandler(TooManyAttempts)
def _throttled(_error: TooManyAttempts) -> Response:
    db.session.rollback()
    return _refuse(429, "AuthenticationException", "Đăng nhập sai quá nhiều lần. Hãy đợi 15 phút rồi thử lại.")


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    db.session.rollback()
    sentence = "Các tệp gửi lên quá lớn." if error.code == 413 else "Máy chủ không đọc được yêu cầu này."
    return _refuse(error.code or 500, "InvalidRequestException", sentence)


@bp.after_request
def _from_the_desktop(response: Response) -> Response:
    if request.headers.get("Origin") in DESKTOP:
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type, accept"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.vary.add("Origin")
    return response
