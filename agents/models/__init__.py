"""Language models of agents: every request is recorded, paid for, retried by its class, and said aloud.

What imports pydantic-ai is imported when a model is asked for the first time: it takes more than a second, and most
processes never ask one.
"""

from agents.models.host import NO_MODELS, ChosenModels, ModelHost
from agents.models.permitted import PermittedCalls, ask_nobody
from agents.models.step_model import StepModel

__all__ = ["NO_MODELS", "ChosenModels", "ModelHost", "PermittedCalls", "StepModel", "ask_nobody"]
