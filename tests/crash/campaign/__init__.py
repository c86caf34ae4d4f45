"""The crash campaign: faults at every step of the journey, and a checker that compares both ends with the ledger."""
