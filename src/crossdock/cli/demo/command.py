"""``crossdock demo``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crossdock.cli.answers import AsJson, Code, guarded


@guarded
def demo(
    orders: Annotated[int, typer.Option("--orders", min=1, max=1_000_000, help="Orders of the shop.")] = 1000,
    once: Annotated[bool, typer.Option("--once", help="End after the proof.")] = False,
    calm: Annotated[bool, typer.Option("--calm", help="Without faults.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="One seed, one shop and one course of faults.")] = 1,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of the dashboard; 0: a free one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run the main job on this machine, with faults: a shop's orders reach a CRM, and it is proven that all did.

    Everything lives in a temporary directory and is removed at the end.
    """
    from crossdock.cli.demo.play import Plan, Play
    from crossdock.cli.opening import run

    plan = Plan(orders=orders, calm=calm, seed=seed, port=port, as_json=as_json, stay=not once and sys.stdin.isatty())
    if not run(Play(plan).run()):
        raise typer.Exit(Code.NO)
