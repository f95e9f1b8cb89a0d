"""The proof that several RoiAligns are one multi-level pooler; nothing here changes a model."""
