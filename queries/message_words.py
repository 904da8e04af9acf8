"""The message templates every school has before it writes its own, and their merge fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

FIELDS: Final[Mapping[str, str]] = {
    "learner": "the learner's given name",
    "school": "the school's name",
    "sender": "your name",
    "class": "the learner's class with you, or with the gravest flag",
    "day": "today's date",
}
AUDIENCES: Final = {"home": "Home", "learner": "The learner"}
LANGUAGES: Final = {"en": "English", "es": "Spanish"}
_FIELD = re.compile(r"\{([^{}]*)\}")


class UnknownField(ValueError):  # noqa: N818 - reads as the sentence it carries
    """A template names a merge field that does not exist; the message lists those that do."""


@dataclass(frozen=True)
class MessageTemplate:
    """A message with merge fields in braces. The subject names nobody: lock screens show it."""

    name: str
    audience: str
    language: str
    subject: str
    body: str
    template_id: UUID | None = None


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in. Nothing but the named fields is looked up.

    >>> filled("Dear family of {learner}, {day}", {"learner": "Ana", "day": "2 May"})
    'Dear family of Ana, 2 May'
    >>> filled("{learner.__class__}", {"learner": "Ana"})
    Traceback (most recent call last):
    queries.message_words.UnknownField: There is no field {learner.__class__}. There are: {learner}.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1).strip()
        if name not in values:
            known = ", ".join(f"{{{one}}}" for one in values)
            raise UnknownField(f"There is no field {{{name}}}. There are: {known}.")
        return values[name]

    return _FIELD.sub(value, text)


BUILT_IN: Final = (
    MessageTemplate(
        "Please get in touch",
        "home",
        "en",
        "Please get in touch with {school}",
        "Dear family of {learner},\n\nI would like to talk with you about how {learner} is doing "
        "and how we can help together. When could we speak this week?\n\nWith kind regards\n"
        "{sender}, {school}",
    ),
    MessageTemplate(
        "Please get in touch",
        "home",
        "es",
        "Por favor, póngase en contacto con {school}",
        "Estimada familia de {learner}:\n\nMe gustaría hablar con ustedes sobre cómo le va a "
        "{learner} y cómo podemos ayudar juntos. ¿Cuándo podríamos hablar esta semana?\n\n"
        "Un cordial saludo\n{sender}, {school}",
    ),
    MessageTemplate(
        "Good news",
        "home",
        "en",
        "A note from {school}",
        "Dear family of {learner},\n\nI would like you to know that {learner} has done well in "
        "{class} lately. Please tell {learner} that we have noticed.\n\nWith kind regards\n"
        "{sender}, {school}",
    ),
    MessageTemplate(
        "Good news",
        "home",
        "es",
        "Una nota de {school}",
        "Estimada familia de {learner}:\n\nMe gustaría que supieran que a {learner} le ha ido bien "
        "últimamente en {class}. Por favor, díganle que lo hemos notado.\n\nUn cordial saludo\n"
        "{sender}, {school}",
    ),
    MessageTemplate(
        "Missing work",
        "home",
        "en",
        "A note from {school}",
        "Dear family of {learner},\n\nSome work of {learner} in {class} has not reached us. Please "
        "ask {learner} to bring or send it, or tell me what stands in the way.\n\n"
        "With kind regards\n{sender}, {school}",
    ),
    MessageTemplate(
        "Missing work",
        "home",
        "es",
        "Una nota de {school}",
        "Estimada familia de {learner}:\n\nNo hemos recibido algunos trabajos de {learner} en "
        "{class}. Por favor, pídanle que los entregue, o díganme qué lo impide.\n\n"
        "Un cordial saludo\n{sender}, {school}",
    ),
    MessageTemplate(
        "Let us talk",
        "learner",
        "en",
        "A note from {school}",
        "Dear {learner},\n\nPlease come and see me this week; I would like to help.\n\n"
        "{sender}, {school}",
    ),
    MessageTemplate(
        "Let us talk",
        "learner",
        "es",
        "Una nota de {school}",
        "Hola, {learner}:\n\nVen a verme esta semana, por favor; me gustaría ayudarte.\n\n"
        "{sender}, {school}",
    ),
)
