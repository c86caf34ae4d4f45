"""What can go wrong with a mapping, said so that a person can put it right. Never holds a value: it may be personal."""

from __future__ import annotations


class MappingInvalid(ValueError):
    """A mapping that cannot be compiled. ``problems`` names each, as ``object.target: what; remedy``."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("the mapping is not valid: " + " | ".join(problems))
        self.problems = problems


class MappingFailed(ValueError):
    """A rule that could not be applied to one entity.

    ``field`` is ``object.target``, ``rule`` the part of the rule that failed (``path total``, ``transform date``),
    ``value_kind`` the kind of value it met (``text``, ``number``, ``list``, ``nothing`` …), ``remedy`` what to do.
    """

    def __init__(self, field: str, rule: str, value_kind: str, remedy: str) -> None:
        super().__init__(f"{field}: {rule} cannot use a value of kind {value_kind}; {remedy}")
        self.field, self.rule, self.value_kind, self.remedy = field, rule, value_kind, remedy
