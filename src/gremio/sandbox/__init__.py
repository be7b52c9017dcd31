"""Community code in a process that can reach nothing: the same pictures, without trusting who wrote it.

In come a model, a ref for code and arguments of calls, as data; out come pictures, arrays, numbers and text, as data.
The parent never imports torch and never loads anything of a repository.

Open ``host.py`` for what the user has, ``turns.py`` for several workers and who waits for one, ``orders.py`` for what
is found and looked at before a worker starts, ``attended.py`` and ``watchdog.py`` for how one is kept in check,
``zygote.py`` and ``worker.py`` for the other side; ``confinement`` for what a worker may do, ``channel.py`` and
``values.py`` for what passes between the two.
"""
