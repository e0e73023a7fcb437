"""The parts of the benchmark, each a few rows of the table, each to be run alone."""
