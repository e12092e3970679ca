"""The storm: faults of every kind at random, while graphs of tasks are being worked off.

``python -m tests.faults.storm --minutes 10 --seed 7`` runs one. What is done, and when, is a function of the seed.
"""
