"""Enums of messages, memories and playbooks."""

from __future__ import annotations

from domain.memory import MemoryScope
from domain.message import MessageState, MessageType
from domain.playbooks.document import InputType
from schema.enums.publish import publish

publish(
    MessageType,
    "What a message is for.",
    {
        "INFORM": "It says something, and wants no answer.",
        "REQUEST": "It asks for something, and wants an answer.",
        "REPLY": "It is the answer to a request.",
        "REFUSAL": "It says that a request will not be done.",
    },
)
publish(
    MessageState,
    "How far a message has come. The last three are final.",
    {
        "QUEUED": "It is in the mailbox, and nobody has taken it.",
        "DELIVERED": "It was given to its receiver, who is not done with it; one to a person stays so.",
        "HANDLED": "What its receiver did about it is recorded.",
        "EXPIRED": "Nobody has taken it in its time.",
        "UNDELIVERABLE": "It will not be handled; reason says why.",
    },
)
publish(
    MemoryScope,
    "For whom a memory counts.",
    {
        "AGENT": "For agents of one kind, in all projects.",
        "PROJECT": "For all who work on one project.",
        "WORKSPACE": "For everybody.",
    },
)
publish(
    InputType,
    "Type of a playbook's input.",
    {
        "STRING": "A text.",
        "INTEGER": "A whole number.",
        "NUMBER": "A number.",
        "BOOLEAN": "True or false.",
        "LIST": "A list of anything.",
        "OBJECT": "A mapping.",
    },
)
