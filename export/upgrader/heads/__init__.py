"""The proof that nodes paste masks or read keypoints; nothing here changes a model."""
