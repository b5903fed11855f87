"""The bytes of drafts: each content once per workspace, compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import zstandard
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import Workspace, WorkspaceContent, WorkspaceRevision
from engine.workspaces import names


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest(tree: Mapping[str, str]) -> str:
    """As engine.contents.digest over the files of `tree` that would be deployed, without reading them."""
    total = hashlib.sha256()
    for name, sha in sorted(names.deployable(tree).items()):
        total.update(name.encode() + b"\0" + bytes.fromhex(sha))
    return total.hexdigest()


def files(session: Session, workspace: Workspace, revision: int | None = None) -> dict[str, bytes]:
    """Name -> bytes, of the draft as it is, or as it was at `revision`. Raises NotFound."""
    tree = _tree(session, workspace, revision)
    packed = _unpacked(session, workspace, set(tree.values()))
    return {name: packed[sha] for name, sha in tree.items()}


def read(session: Session, workspace: Workspace, name: str, revision: int | None = None) -> bytes:
    """One file. Raises NotFound."""
    tree = _tree(session, workspace, revision)
    if name not in tree:
        raise NotFound(what="file", id=name)
    return _unpacked(session, workspace, {tree[name]})[tree[name]]


def _tree(session: Session, workspace: Workspace, revision: int | None) -> dict[str, str]:
    number = workspace.head if revision is None else revision
    query = select(WorkspaceRevision.tree).where(WorkspaceRevision.workspace_id == workspace.id, WorkspaceRevision.number == number)
    tree: dict[str, str] | None = session.scalar(query)
    if tree is None:
        raise NotFound(what="draft", id=number)
    return tree


def _unpacked(session: Session, workspace: Workspace, wanted: Iterable[str]) -> dict[str, bytes]:
    query = select(WorkspaceContent.sha256, WorkspaceContent.size, WorkspaceContent.packed).where(
        WorkspaceContent.workspace_id == workspace.id, WorkspaceContent.sha256.in_(wanted)
    )
    unpack = zstandard.ZstdDecompressor()
    return {sha: unpack.decompress(packed, max_output_size=size) for sha, size, packed in session.execute(query)}


def sizes(session: Session, workspace: Workspace, tree: Mapping[str, str]) -> dict[str, int]:
    """File name -> bytes. Names of `tree` whose content is not there yet are left out."""
    query = select(WorkspaceContent.sha256, WorkspaceContent.size).where(
        WorkspaceContent.workspace_id == workspace.id, WorkspaceContent.sha256.in_(set(tree.values()))
    )
    known = {row.sha256: row.size for row in session.execute(query)}
    return {name: known[sha] for name, sha in tree.items() if sha in known}


def keep(session: Session, workspace: Workspace, contents: Mapping[str, bytes]) -> set[str]:
    """Store what is not there yet; gives back which that were. `contents`: by SHA-256. The caller holds the workspace's row."""
    query = select(WorkspaceContent.sha256).where(
        WorkspaceContent.workspace_id == workspace.id, WorkspaceContent.sha256.in_(list(contents))
    )
    new = set(contents) - set(session.scalars(query))
    pack = zstandard.ZstdCompressor(level=3)
    for sha in sorted(new):
        data = contents[sha]
        session.add(WorkspaceContent(workspace_id=workspace.id, sha256=sha, size=len(data), packed=pack.compress(data)))
    session.flush()
    return new


def drop(session: Session, workspace: Workspace, sha: str) -> None:
    """Forget a content that no revision needs."""
    session.execute(delete(WorkspaceContent).where(WorkspaceContent.workspace_id == workspace.id, WorkspaceContent.sha256 == sha))
