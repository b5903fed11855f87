"""The engine: carries a case through its diagram. Knows nothing of Flask. docs/architecture.md shows who calls whom."""
