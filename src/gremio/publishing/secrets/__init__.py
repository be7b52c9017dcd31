"""What must not be published: tokens, keys, paths of somebody's home.

In comes a publication; out come places with what stands there, or an error that names them (``secrets.py``). Open
``patterns.py`` for a new kind of token. Scanners for whole code bases call every literal near the word token a secret,
digests and placeholders too, and know no paths of homes; a publication would be stopped by its own pinned commits.
"""
