"""Where the state lives: tables, stores, readers, the event log, artifacts, and the embedded PostgreSQL."""
