"""The passes that change a model, one per file."""
