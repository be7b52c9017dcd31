"""The model card: the author's own, and a part that says how to use what lies there."""
