"""What guards the journey: keys, the vault, consent, audit, retention."""
