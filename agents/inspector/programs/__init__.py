"""Stand-alone programs of the Inspector.

They use the standard library only and run as ``python -I FILE`` through the toolbox: analysing untrusted code in a
process of its own keeps the worker responsive, and a cancel kills it.
"""
