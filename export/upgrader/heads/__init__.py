"""The proof that nodes are the last step of a detector, pasted masks or keypoints; nothing here changes a model."""
