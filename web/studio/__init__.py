"""The studio: where analysts change drafts of processes. One noun per module; each adds its pages to `bp`.

To people without the right to edit (web.rights) none of these addresses exists. An address with `/api/` answers in JSON, refusals too.
"""

from __future__ import annotations

from flask import Blueprint, g

from engine.errors import NotFound
from web.rights import may_edit
from web.sessions import me

bp = Blueprint("studio", __name__, url_prefix="/thiet-ke")


@bp.before_request
def _door() -> None:
    if not may_edit(me()):
        raise NotFound(what="page", id="/thiet-ke")


@bp.app_template_global()
def edits() -> bool:
    """Whether the user may edit drafts: the bar of every page wants to know."""
    if "edits" not in g:
        g.edits = may_edit(me())
    return bool(g.edits)


# Each module adds its pages when it is imported; one line each.
from web.studio import acting as acting  # noqa: E402
from web.studio import api as api  # noqa: E402
from web.studio import compare as compare  # noqa: E402
from web.studio import decisions as decisions  # noqa: E402
from web.studio import editors as editors  # noqa: E402
from web.studio import files as files  # noqa: E402
from web.studio import folders as folders  # noqa: E402
from web.studio import formpreview as formpreview  # noqa: E402
from web.studio import history as history  # noqa: E402
from web.studio import imports as imports  # noqa: E402
from web.studio import opening as opening  # noqa: E402
from web.studio import proposals as proposals  # noqa: E402
from web.studio import release as release  # noqa: E402
from web.studio import rules as rules  # noqa: E402
from web.studio import scenarios as scenarios  # noqa: E402
from web.studio import tryout as tryout  # noqa: E402
from web.studio import vocabulary as vocabulary  # noqa: E402
