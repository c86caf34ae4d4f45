"""What a person sees while the demonstration runs, and at its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from crossdock.cli.answers import console, table
from crossdock.cli.proof_screen import PROOF


class Screen:
    """A live panel on a terminal; elsewhere one line a phase. ``quiet`` says nothing (machine output is wanted)."""

    def __init__(self, quiet: bool) -> None:
        self._console = console()
        self._quiet = quiet and not self._console.is_terminal
        self._live: Live | None = None
        self._phase, self._step = "", ""
        self._tally: dict[str, Any] = {}
        self._lags: dict[str, Any] = {}
        self._began = time.monotonic()
        self._marks: list[tuple[float, int]] = []
        self.faults: dict[str, int] = {}
        self.url = ""

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show the panel for the length of a block."""
        if self._console.is_terminal:
            self._live = Live(self._panel(), console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        try:
            yield
        finally:
            self.pause()

    def pause(self) -> None:
        """Take the panel away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def phase(self, text: str) -> None:
        """Begin a part of the course."""
        self._phase, self._step = text, ""
        if self._live is None and not self._quiet:
            self._console.print(Text(f"{time.monotonic() - self._began:6.1f} s  {text}"))
        self._refresh()

    def step(self, text: str) -> None:
        """Say what is being done within a part."""
        self._step = text
        self._refresh()

    def numbers(self, tally: dict[str, Any], lags: dict[str, Any]) -> None:
        """Show the hub's present numbers."""
        self._tally, self._lags = tally, lags
        self._marks = [*self._marks[-20:], (time.monotonic(), tally["delivered"])]
        self._refresh()

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self._panel())

    def _rate(self) -> float:
        if len(self._marks) < 2:
            return 0.0
        (first, low), (last, high) = self._marks[0], self._marks[-1]
        return max(0.0, (high - low) / max(last - first, 0.001))

    def _panel(self) -> Group:
        grid = Table.grid(padding=(0, 2))
        took = f"{time.monotonic() - self._began:.0f} s"
        grid.add_row("now", Text(f"{self._phase}{' · ' + self._step if self._step else ''} ({took})", style="bold"))
        if self._tally:
            numbers = self._tally
            grid.add_row("recorded", f"{numbers['recorded']} ({numbers['orders']} orders)")
            grid.add_row("delivered", f"{numbers['delivered']} · {self._rate():.0f}/s · {numbers['waiting']} waiting")
            grid.add_row("sent again", f"{numbers['repeated']} · dead {numbers['dead']}")
        if self._lags.get("p50_s") is not None:
            grid.add_row("lag", f"p50 {self._lags['p50_s']:.2f} s · p99 {self._lags['p99_s']:.2f} s")
        if self.faults:
            grid.add_row("faults", " · ".join(f"{name} {count}" for name, count in self.faults.items()))
        if self.url:
            grid.add_row("dashboard", self.url)
        return Group(grid)


def final(answer: dict[str, Any], shop: str) -> Group:
    """Return the end of the demonstration: proof, judgement, rates."""
    rates = answer["rates"]
    parts: list[Any] = [f"Proof of {shop}, read afresh from the shop and the CRM:", table(answer["proof"], PROOF)]
    truth = (*PROOF[:2], "delivered", "missing", "duplicates", "drifted", "unexpected")
    parts += ["An independent judge's, from the sandboxes' own state alone:", table(answer["truth"], truth)]
    for one in answer["disagreements"]:
        parts.append(f"They disagree: {one}")
    for one in answer["differences"][:20]:
        parts.append(f"  {one['entity']} {one.get('external_id', '')} {one['kind']}: {one['what']}")
    if answer["faults"]:
        parts.append("Faults: " + " · ".join(f"{name} {count}" for name, count in answer["faults"].items()))
    parts.append(
        f"{rates['delivered']} deliveries in {rates['seconds']} s ({rates['delivered_per_s']}/s) · live: recorded to"
        f" delivered p50 {rates['lag_p50_s']} s, p99 {rates['lag_p99_s']} s · {rates['webhooks']} webhooks answered in"
        f" p50 {rates['webhook_p50_ms']} ms, p99 {rates['webhook_p99_ms']} ms · all in all {rates['total_s']} s"
    )
    parts.append("Proven: nothing missing, doubled, dead or different." if answer["ok"] else "NOT proven.")
    return Group(*parts)
