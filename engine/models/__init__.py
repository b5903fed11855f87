"""The tables. One class per noun; docs/glossary.md has the words, docs/architecture.md the picture.

The execution of a case is one compressed blob (`Execution`); rows of tasks, jobs, subscriptions and incidents mirror the places where it
waits (`wait_id` ties a row to its place) and change in the same transaction.
"""

from engine.chores import Chore
from engine.db import Base
from engine.models.batches import Batch, BatchItem
from engine.models.cases import Execution, Participant, ProcessInstance, Supervision
from engine.models.deployed import Deployment, ProcessDefinition, Resource
from engine.models.deputies import Deputy
from engine.models.monitoring import Export, ExportPart, ExportPiece, Keyword, SavedFilter, Visit
from engine.models.operations import Archive, DefinitionEvent, LegalHold
from engine.models.people import LoginAttempt, Membership, Organisation, User
from engine.models.records import Document, DocumentContent, HistoryEvent
from engine.models.releases import Release, ReleaseFile
from engine.models.seals import AuditFinding, AuditRun, CaseAccess, Seal, SealedHead
from engine.models.steering import PendingChange
from engine.models.studio import Rehearsal, Verdict, Workspace, WorkspaceContent, WorkspaceLock, WorkspaceRevision
from engine.models.work import BufferedMessage, Candidate, Draft, Incident, Job, MessageSubscription, UserTask
from engine.models.working_time import CalendarChange, CalendarDay, Deadline, Forecast, Reminder, StepTime, WorkingHours

__all__ = [
    "Archive",
    "AuditFinding",
    "AuditRun",
    "Base",
    "Batch",
    "BatchItem",
    "BufferedMessage",
    "CalendarChange",
    "CalendarDay",
    "Candidate",
    "CaseAccess",
    "Chore",
    "Deadline",
    "DefinitionEvent",
    "Deployment",
    "Deputy",
    "Document",
    "DocumentContent",
    "Draft",
    "Execution",
    "Export",
    "ExportPart",
    "ExportPiece",
    "Forecast",
    "HistoryEvent",
    "Incident",
    "Job",
    "Keyword",
    "LegalHold",
    "LoginAttempt",
    "Membership",
    "MessageSubscription",
    "Organisation",
    "Participant",
    "PendingChange",
    "ProcessDefinition",
    "ProcessInstance",
    "Rehearsal",
    "Release",
    "ReleaseFile",
    "Reminder",
    "Resource",
    "SavedFilter",
    "Seal",
    "SealedHead",
    "StepTime",
    "Supervision",
    "User",
    "UserTask",
    "Verdict",
    "Visit",
    "WorkingHours",
    "Workspace",
    "WorkspaceContent",
    "WorkspaceLock",
    "WorkspaceRevision",
]
