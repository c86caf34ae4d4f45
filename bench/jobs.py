"""Tasks of the Celery peer: one POST of one message. Imported by Celery's own worker, not by the benchmarks."""

from __future__ import annotations

import os
from typing import Any

try:
    import requests
    from celery import Celery
except ImportError:  # the benchmarks' own Python has neither: only the peer's has
    app: Any = None
else:
    app = Celery("jobs", broker=os.environ["BENCH_BROKER"])
    # at least once, as ours: a job is acknowledged when it is done, and a lost worker's job comes back
    app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=True)
    _session = requests.Session()

    @app.task(name="send")
    def send(url: str, key: str, body: str) -> None:
        """Send one message; an error is Celery's to retry."""
        _session.post(url, data=body, headers={"webhook-id": key}, timeout=30).raise_for_status()
