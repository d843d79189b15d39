"""What a rule says: packs, the rules in them, and which one applies to a person in a meeting."""
