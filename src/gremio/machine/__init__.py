"""This machine: what its environment says, Gremio's own files, child processes with limits.

In come a path and bytes, or a command and limits; out come a file that is whole or not there, and how a child ended.

Open ``settings.py`` for a new variable of the environment, which nothing else reads; ``listening.py`` for where servers
listen, ``own_folder.py`` for what goes with a process; ``writing.py`` for how a file or
folder of our own gets its place (locks, temporary names, rights), ``placing.py`` for a file that a person asked for;
``records.py`` for small JSON records by kind and key;
``processes`` for limits of children, how they are ended, and the fork server that spares them the import of torch.
"""
