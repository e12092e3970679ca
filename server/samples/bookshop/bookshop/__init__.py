"""A small bookshop: a catalogue, orders, prices and reports."""
