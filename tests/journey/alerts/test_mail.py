"""Mail by another author's server: STARTTLS and TLS with a login; what is refused is said without a secret."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crossdock.connect.egress import Guard
from crossdock.govern.alerts.mail import Mail, MailServer, NotSent, message_of, send
from tests.journey.connect.stage import certificate
from tests.support.inboxes import PASSWORD, USER, mailbox

MAIL = Mail("ntc_1", "hub@hub.test", ("ops@hub.test",), "One\nline", "Grüße", datetime(2026, 11, 21, tzinfo=UTC))
OPEN = Guard(allow=("127.0.0.1/32",))


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and one of a client that trusts it."""
    chain = certificate(folder)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(chain)
    return served, ssl.create_default_context(cafile=str(chain))


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_encrypted_with_a_login(tmp_path: Path, security: str) -> None:
    served, trusting = contexts(tmp_path)
    async with mailbox(served, immediately=security == "tls") as box:
        server = MailServer("127.0.0.1", box.port, security, USER, PASSWORD)
        assert PASSWORD not in repr(server)
        assert not await send(server, MAIL, OPEN, trusting)
        assert (box.logins, box.subjects) == (1, ["One line"])
        assert box.encrypted == [security == "starttls"], "TLS from the first byte is none of the protocol itself"
        with pytest.raises(NotSent) as refused:
            await send(MailServer("127.0.0.1", box.port, security, USER, "other-canary"), MAIL, OPEN, trusting)
        assert refused.value.problem.startswith("the mail server refuses user or password")
        assert "canary" not in refused.value.problem
        with pytest.raises(NotSent, match="certificate is not trusted"):
            await send(server, MAIL, OPEN, ssl.create_default_context())


async def test_the_guard_looks_at_mail_servers_too() -> None:
    async with mailbox() as box:
        with pytest.raises(NotSent, match="address is refused"):
            await send(MailServer("127.0.0.1", box.port, "none", "", ""), MAIL, Guard(), None)
        assert box.messages == []
        box.refuse.append("451 later")
        with pytest.raises(NotSent):
            await send(MailServer("127.0.0.1", box.port, "none", "", ""), MAIL, OPEN, None)


def test_a_message_keeps_its_id() -> None:
    message = message_of(MAIL)
    assert message["Message-ID"] == "<ntc_1@hub.test>"
    assert message["Auto-Submitted"] == "auto-generated"
