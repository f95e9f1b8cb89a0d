"""Running the original and the upgraded model side by side."""
