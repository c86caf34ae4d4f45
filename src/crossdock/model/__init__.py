"""The words: frozen, typed values and closed enums, one noun a file, no I/O."""
