"""The platform's own client: what the command line, and anybody else on this machine, talks to the API with."""
