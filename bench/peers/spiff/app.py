"""SpiffWorkflow as everyone writes it: the state as JSON in a column; load, run, save. No forms, no rights, no history, no inbox."""

import json
import os
import secrets
import threading
from pathlib import Path

import psycopg
from flask import Flask, request, session
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

app = Flask(__name__)
app.secret_key = "benchmark-only"
serializer = BpmnWorkflowSerializer()
local = threading.local()
parser = BpmnParser()
specs = {}
for file in os.environ["BENCH_DIAGRAMS"].split(":"):
    parser.add_bpmn_file(file)
    key = Path(file).stem
    specs[key] = parser.get_spec(key)


def connection():
    """One per thread, kept."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=False)
    return local.connection


def run(workflow):
    """Until people are waited for."""
    workflow.do_engine_steps()
    return serializer.serialize_json(workflow)


@app.post("/login")
def login():
    session["user"] = request.form["user"]
    return ""


@app.post("/cases/<key>")
def start(key):
    workflow = BpmnWorkflow(specs[key])
    with connection().transaction():
        row = connection().execute("INSERT INTO cases (state) VALUES (%s) RETURNING id", [run(workflow)]).fetchone()
    return {"id": row[0]}


@app.post("/cases/<int:number>/complete")
def complete(number):
    if "user" not in session:
        return "", 401
    with connection().transaction():
        state = connection().execute("SELECT state FROM cases WHERE id = %s FOR UPDATE", [number]).fetchone()[0]
        workflow = serializer.deserialize_json(state)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(json.loads(request.data))
        task.run()
        connection().execute("UPDATE cases SET state = %s WHERE id = %s", [run(workflow), number])
    return "", 204


@app.get("/login")
def alive():
    return secrets.token_hex(4)
