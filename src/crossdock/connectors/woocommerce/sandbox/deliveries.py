"""The runner that sends what the queue holds: serial, one attempt each, bodies made at the moment of sending."""

from __future__ import annotations

import asyncio
import hashlib
import html
import ssl
import time
from typing import Any

import aiohttp
from multidict import CIMultiDict

from crossdock.kit.signing import sign_base64

from . import php
from .answers import invalid_id
from .hooks import Hooks, Job, Webhook
from .rendering import RENDER

AGENT = "WooCommerce/11.0.1 Hookshot (WordPress/6.9)"
_WHAT = {"order": "shop_order", "product": "product", "coupon": "shop_coupon", "customer": "customer"}


def payload(hooks: Hooks, topic: str, resource_id: int) -> Any:
    """Return a delivery's body as it is now: the resource, its id alone, or the 404 error (vendor fact 3)."""
    resource, _, event = topic.partition(".")
    if resource == "action":
        return {"action": event, "arg": resource_id}
    if event == "deleted":
        return {"id": resource_id}
    shop = hooks.shop
    row = shop.tables[f"{resource}s"].get(resource_id)
    if row is None and resource == "product":
        row = shop.variations.get(resource_id)
    if row is None:
        return invalid_id(_WHAT[resource]).body()
    return RENDER[f"{resource}s"](shop, row, hooks.base)


def delivery_id(hook_id: int, unix: int) -> str:
    """Return X-WC-Webhook-Delivery-ID: a hash of webhook and second, so ids repeat (vendor fact 1)."""
    return hashlib.md5(f"sandbox-salt{hook_id}{unix}".encode(), usedforsecurity=False).hexdigest()


def headers_of(hooks: Hooks, hook: Webhook, body: bytes) -> CIMultiDict[str]:
    """Return the headers in the recorded order; the key is the secret with its HTML entities decoded (fact 15)."""
    resource, _, event = hook.topic.partition(".")
    key = html.unescape(hook.secret).encode()
    return CIMultiDict(
        {
            "User-Agent": AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "deflate, gzip, br, zstd",
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{hooks.base}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": sign_base64(key, body),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": delivery_id(hook.id, int(hooks.shop.clock.time())),
            "Connection": "close",
        }
    )


class Runner:
    """Sends deliveries in a task of the loop that serves the shop; it starts at the first need and ends when idle."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self._task: asyncio.Task[None] | None = None
        self._stir = asyncio.Event()
        self._kicked_at = 0.0
        hooks.woken.append(self.wake)

    def wake(self) -> None:
        """Start the runner if it sleeps and there is something to send (no running loop: nothing happens)."""
        self._stir.set()
        due = self.hooks.next_due()
        if due is None or self._stands(due):
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self.hooks.waiting and (self._task is None or self._task.done()):
            self._task = loop.create_task(self._run())

    async def _run(self) -> None:
        async with aiohttp.ClientSession() as session:
            while (due := self.hooks.next_due()) is not None and not self._stands(due):
                wait = due - self.hooks.shop.clock.time()
                if wait > 0:
                    self._stir.clear()
                    await self._rest(wait)
                    continue
                job = self.hooks.take()
                await self._deliver(session, job)

    def kick(self) -> None:
        """Run what is due now, as a call of wp-cron.php does."""
        if self.hooks.settings.scheduler != "dead":
            self._kicked_at = self.hooks.shop.clock.time()
            self.wake()

    def _stands(self, due: float) -> bool:
        """Whether a delivery waits for a queue that does not run."""
        return self.hooks.settings.scheduler != "runs" and due > self._kicked_at

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stir.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, session: aiohttp.ClientSession, job: Job) -> None:
        hooks, settings = self.hooks, self.hooks.settings
        hook = hooks.rows.get(job.webhook_id)
        if hook is None or hook.status != "active":
            return
        body = php.encode(payload(hooks, job.topic, job.resource_id))
        if hooks.random.random() < settings.drop_share:
            self._note(hook, job, "dropped", 0.0, len(body))
            return
        await self._send(session, hook, job, body)
        if hooks.random.random() < settings.duplicate_share:
            await self._send(session, hook, job, body)

    async def _send(self, session: aiohttp.ClientSession, hook: Webhook, job: Job, body: bytes) -> None:
        headers = headers_of(self.hooks, hook, body)
        begun = time.monotonic()
        status = await self._post(session, hook.delivery_url, body, headers, redirects=False)
        self._note(hook, job, status, time.monotonic() - begun, len(body))
        if isinstance(status, int) and 200 <= status < 303:
            self.hooks.succeeded(hook)
        else:
            self.hooks.failed(hook)
        if hook.pending_delivery and hook.status == "active":
            await self._ping(session, hook)

    async def ping(self, hook: Webhook) -> None:
        """Send the unsigned form-encoded ping; only exactly 200 proves the webhook (vendor fact 6)."""
        async with aiohttp.ClientSession() as session:
            await self._ping(session, hook)

    async def _ping(self, session: aiohttp.ClientSession, hook: Webhook) -> None:
        body = f"webhook_id={hook.id}".encode()
        headers: CIMultiDict[str] = CIMultiDict(
            {
                "User-Agent": AGENT,
                "Accept": "*/*",
                "Accept-Encoding": "deflate, gzip, br, zstd",
                "Connection": "close",
                "Content-Type": "application/x-www-form-urlencoded",
            }
        )
        begun = time.monotonic()
        status = await self._post(session, hook.delivery_url, body, headers, redirects=True)
        self._note(hook, None, status, time.monotonic() - begun, len(body))
        hook.pending_delivery = status != 200

    async def _post(
        self, session: aiohttp.ClientSession, url: str, body: bytes, headers: CIMultiDict[str], *, redirects: bool
    ) -> int | str:
        timeout = aiohttp.ClientTimeout(total=self.hooks.settings.webhook_timeout_s)
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=redirects, timeout=timeout
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__

    def _note(self, hook: Webhook, job: Job | None, status: int | str, took_s: float, size: int) -> None:
        self.hooks.log.append(
            {
                "webhook_id": hook.id,
                "topic": job.topic if job else "ping",
                "resource_id": job.resource_id if job else None,
                "status": status,
                "duration_s": round(took_s, 4),
                "bytes": size,
                "at": self.hooks.shop.clock.time(),
            }
        )


async def call_out(url: str, body: bytes, headers: dict[str, str], *, believes: str | None) -> int:
    """POST once, as WordPress calls out, and return the status; 0 without an answer.

    ``believes`` is a file of certificates that are trusted instead of the system's.
    """
    trust = ssl.create_default_context(cafile=believes) if believes else True
    timeout = aiohttp.ClientTimeout(total=60)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, ssl=trust) as answer,
        ):
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0
