"""How credentials look, for the audit of secrets."""
