"""Greetings in the languages of our customers."""

GREETING = "Grüß Gott"
