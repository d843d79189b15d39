"""What the user asks of the ledger and answers to it."""
