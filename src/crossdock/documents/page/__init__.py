"""The page for people: A4, PDF/A-3, in the buyer's language. Fonts beside it: Noto Sans (SIL Open Font License 1.1)."""
