"""What is known of the values of a model before it runs; nothing here changes a model."""
