"""The nights of the past, once more: what rules would have done to a year that the user remembers.

Rules are judged best by a year one knows. So the same plan that runs every night is run over
the nights behind us, each seeing only what was known then, on a copy of the ledger in memory.
"""
