"""What every process remembers, and how it hears of changes."""
