"""The code of classes, laid out and spelled so that it loads from a repository."""
