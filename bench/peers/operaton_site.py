"""Operaton, the fork of Camunda 7: Spring Boot with the REST API, full history, without log-in (its REST API asks for none by default)."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from bench.diagrams import make
from bench.load import Request, send
from bench.peers.site import JSON, Server, free_port, running

VERSIONS = (("2.1.4", "4.0.6"), ("1.0.3", "3.5.10"))
"""Of Operaton, and of Spring Boot that goes with it: the first that Maven's repository has."""
SOURCES = Path(__file__).parent / "operaton"
DIAGRAMS = Path(__file__).parents[1] / "diagrams"
FILLED = {"variables": {"noi_dung": {"value": "Kinh phí khảo sát"}, "so_tien": {"value": 12}, "can_xet": {"value": True}}}


class Operaton:
    """One JVM; `processes` says nothing to it, it has threads."""

    name = "Operaton"

    def install(self, folder: Path) -> None:
        build = folder / "operaton"
        shutil.copytree(SOURCES, build, dirs_exist_ok=True)
        for version, spring in VERSIONS:
            self.jar = build / "target" / "operaton-peer-1.jar"
            command = ["mvn", "-B", "-q", "package", f"-Doperaton.version={version}", f"-Dspring-boot.version={spring}"]
            if subprocess.run(command, cwd=build, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                self.name = f"Operaton {version}"
                return
        raise OSError("Operaton cannot be had: Maven's repository has none of " + ", ".join(version for version, _ in VERSIONS))

    @contextmanager
    def serve(self, database: str, folder: Path, processes: int) -> Iterator[Server]:
        port = free_port()
        environment = {"BENCH_DATABASE": "jdbc:postgresql://" + database.partition("@")[2], "BENCH_PORT": str(port)}
        command = ["java", "-Xmx1g", "-jar", self.jar]
        with running(command, port, "/engine-rest/engine", folder / "operaton.log", environment, folder) as server:
            self.server = server
            for name in ("de_nghi", "hen_gio", "dich_vu", "thu_tuc"):
                self._deploy(name, (DIAGRAMS / f"{name}.bpmn").read_text("utf-8"))
            self._deploy("thu_tuc_du_lieu", make.filled_procedure()["thu_tuc_du_lieu.bpmn"].decode())
            yield server

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, f"/engine-rest{path}", data, {"Content-Type": content})
        response = connection.getresponse()
        said = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {said[:500]!r}")
        return json.loads(said) if said else None

    def _deploy(self, name: str, diagram: str) -> None:
        edge = "----bench"
        parts = [("deployment-name", "", name), ("data", f'; filename="{name}.bpmn"', diagram)]
        body = "".join(f'--{edge}\r\nContent-Disposition: form-data; name="{key}"{extra}\r\n\r\n{value}\r\n' for key, extra, value in parts)
        self._ask("POST", "/deployment/create", f"{body}--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}")

    def sign_in(self, server: Server) -> dict[str, str]:
        return dict(JSON)

    def start(self, headers: Mapping[str, str], number: int, key: str = "de_nghi", variables: Any = None) -> list[Request]:
        body = json.dumps({"variables": variables} if variables else FILLED).encode()
        return [Request("POST", f"/engine-rest/process-definition/key/{key}/start", body, headers) for _ in range(number)]

    def complete(self, headers: Mapping[str, str], number: int, key: str = "de_nghi", at: str = "soan") -> list[Request]:
        send(self.server.port, self.start(headers, number, key), 4)
        tasks = self._ask(
            "GET", f"/task?processDefinitionKey={key}&taskDefinitionKey={at}&sortBy=created&sortOrder=desc&maxResults={number}"
        )
        body = json.dumps(FILLED).encode()
        return [Request("POST", f"/engine-rest/task/{task['id']}/complete", body, headers) for task in tasks]

    def begin(self, headers: Mapping[str, str], number: int, key: str) -> None:
        """`number` cases of the procedure `key`."""
        value = {"lam_lai": {"value": False}}
        send(self.server.port, self.start(headers, number, key, value), 4)
        self.going, self.key, self.at = number, key, 0

    def step(self, headers: Mapping[str, str]) -> list[Request]:
        """Requests that complete the next task of each of them."""
        self.at += 1
        entered = make.entered(self.at) if self.key == "thu_tuc_du_lieu" else {}
        body = json.dumps({"variables": {name: {"value": value} for name, value in entered.items()}}).encode()
        tasks = self._ask("GET", f"/task?processDefinitionKey={self.key}&maxResults={self.going}")
        return [Request("POST", f"/engine-rest/task/{task['id']}/complete", body, headers) for task in tasks]

    def timers(self, headers: Mapping[str, str], number: int) -> float:
        """Timers fired per second: all fall due at one moment, and the clock runs from then until the last case has ended."""
        due = datetime.now(UTC) + timedelta(seconds=max(20, number / 50))
        value = {"han": {"value": due.strftime("%Y-%m-%dT%H:%M:%S.000+0000"), "type": "Date"}}
        send(self.server.port, self.start(headers, number, "hen_gio", value), 8)
        left = (due - datetime.now(UTC)).total_seconds()
        if left < 0:
            raise RuntimeError("The timers were due before all cases had started")
        time.sleep(left)
        return number / self._until_none("hen_gio")

    def services(self, headers: Mapping[str, str], number: int, workers: int) -> float:
        """External tasks per second, fetched in batches of ten and completed one by one, as its clients do."""
        send(self.server.port, self.start(headers, number, "dich_vu"), 8)

        def work(name: str) -> None:
            while True:
                topics = [{"topicName": "khong_lam_gi", "lockDuration": 60000}]
                locked = self._ask("POST", "/external-task/fetchAndLock", {"workerId": name, "maxTasks": 10, "topics": topics})
                if not locked:
                    return
                body = json.dumps({"workerId": name}).encode()
                tasks = [Request("POST", f"/engine-rest/external-task/{task['id']}/complete", body, JSON) for task in locked]
                send(self.server.port, tasks, 1)

        threads = [Thread(target=work, args=(f"w{number}",)) for number in range(workers)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return number / (time.perf_counter() - begin)

    def _until_none(self, key: str) -> float:
        begin = time.perf_counter()
        while self._ask("GET", f"/process-instance/count?processDefinitionKey={key}")["count"]:
            time.sleep(0.1)
        return time.perf_counter() - begin
