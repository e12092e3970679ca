"""Playbooks: recurring work as one YAML file, which becomes a graph of tasks."""

from domain.playbooks.checks import problems_of, read_playbook
from domain.playbooks.document import Playbook
from domain.playbooks.problems import PlaybookInvalid, Problem

__all__ = ["Playbook", "PlaybookInvalid", "Problem", "problems_of", "read_playbook"]
