"""A connector's form: its answers checked, and parted into config and secrets."""

from __future__ import annotations

import base64
import secrets as random_secrets
from collections.abc import Mapping
from typing import Any

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import FieldKind, FormField
from crossdock.errors import BadInput


def sort_answers(
    connector: Connector, answers: Mapping[str, Any], *, granted: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """Check a form's answers and part them into config and secrets. Raises ``BadInput`` naming the field.

    ``granted``: a person grants access on the vendor's page, which takes the place of the secrets that are needed.
    """
    fields = {f.name: f for f in connector.manifest.form}
    for name in answers:
        if name not in fields:
            raise BadInput(
                f"{connector.manifest.name} has no field {name!r}", field=name, remedy=f"it takes: {', '.join(fields)}"
            )
    config: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, field in fields.items():
        if granted and name in needed_secrets(connector):
            continue
        value = _answer(field, answers.get(name))
        if value is None:
            continue
        if field.kind is FieldKind.SECRET:
            secrets[name] = str(value)
        else:
            config[name] = value
    return config, secrets


def settings_of(connector: Connector, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Check the fields that are no secrets alone: the secrets come another way. Raises ``BadInput``."""
    fields = {f.name: f for f in connector.manifest.form if f.kind is not FieldKind.SECRET}
    _known(connector, fields, answers)
    checked = {name: _answer(field, answers.get(name)) for name, field in fields.items()}
    return {name: value for name, value in checked.items() if value is not None}


def secrets_of(connector: Connector, answers: Mapping[str, Any]) -> dict[str, str]:
    """Check the secrets alone: what a rotation brings. Raises ``BadInput``."""
    fields = {f.name: f for f in connector.manifest.form if f.kind is FieldKind.SECRET}
    _known(connector, fields, answers)
    checked = {name: _answer(field, answers.get(name)) for name, field in fields.items() if not field.generated}
    return {name: str(value) for name, value in checked.items() if value is not None}


def needed_secrets(connector: Connector) -> list[str]:
    """Return the secrets that let us in: all a person has to give without a vendor's page of consent."""
    secret = (f for f in connector.manifest.form if f.kind is FieldKind.SECRET)
    return [field.name for field in secret if field.required and not field.generated]


def _known(connector: Connector, fields: Mapping[str, FormField], answers: Mapping[str, Any]) -> None:
    for name in answers:
        if name not in fields:
            raise BadInput(
                f"{connector.manifest.name} has no field {name!r} here",
                field=name,
                remedy=f"it takes: {', '.join(fields)}",
            )


_BOOLS = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}


def _answer(field: FormField, given: Any) -> Any:
    if given in (None, ""):
        if field.generated:
            return "whsec_" + base64.b64encode(random_secrets.token_bytes(24)).decode()
        if field.required and field.default is None:
            raise BadInput(f"{field.label} is missing", field=field.name, remedy=field.help)
        return field.default
    if field.kind is FieldKind.CHOICE and given not in field.choices:
        raise BadInput(f"{field.label} is none of {', '.join(field.choices)}", field=field.name, remedy=field.help)
    if field.kind is FieldKind.BOOL:
        if str(given).lower() not in _BOOLS:
            raise BadInput(f"{field.label} is neither yes nor no", field=field.name, remedy="write true or false")
        return _BOOLS[str(given).lower()]
    if not isinstance(given, str) or "\x00" in given:
        raise BadInput(f"{field.label} is no text", field=field.name, remedy=field.help)
    if field.kind is FieldKind.URL and not given.startswith(("http://", "https://")):
        raise BadInput(f"{field.label} is no web address", field=field.name, remedy="begin it with https://")
    return given
