"""Rules about diagrams: one rule per file."""
