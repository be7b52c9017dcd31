"""What must not be published: tokens, keys, paths of somebody's home."""
