"""Workspaces: the draft of one process folder, with every earlier state of it.

    workspace = workspaces.open(session, folder, user)        begins as a copy of the newest deployment
    files = workspaces.files(session, workspace)              name -> bytes; revision=7: as they were then
    said = workspaces.write(session, workspace, name, content, base, user)

A revision is a whole tree of names and never changes. What somebody hands in against a state that has gone on in the meantime becomes a
revision *aside*: it is not the draft, but it is listed, can be read and can be restored. So whatever was sent is in the database.
"""

from engine.workspaces.arrivals import forget, put_aside, put_beside, take_in
from engine.workspaces.content import files, read, sizes
from engine.workspaces.drafts import begin, behind, change, changed, find, follow, head, newest, open, save
from engine.workspaces.history import Entry, restore, revision, revisions
from engine.workspaces.locks import holders, lock, release
from engine.workspaces.names import KINDS, LARGEST, MOST, TOTAL, checked, deployable
from engine.workspaces.writing import Aside, Saved, add, remove, rename, write

__all__ = [
    "KINDS",
    "LARGEST",
    "MOST",
    "TOTAL",
    "Aside",
    "Entry",
    "Saved",
    "add",
    "begin",
    "behind",
    "change",
    "changed",
    "checked",
    "deployable",
    "files",
    "find",
    "follow",
    "forget",
    "head",
    "holders",
    "lock",
    "newest",
    "open",
    "put_aside",
    "put_beside",
    "read",
    "release",
    "remove",
    "rename",
    "restore",
    "revision",
    "revisions",
    "save",
    "sizes",
    "take_in",
    "write",
]
