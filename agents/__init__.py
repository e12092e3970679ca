"""The agents, the contract they fulfil, and the runtime that carries them."""
