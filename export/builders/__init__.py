"""Builders of nodes and of one-node models, written by hand and checked by the table of operators."""
