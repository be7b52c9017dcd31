"""A pipeline that draws for somebody: chosen as exactly as a lock says it, loaded in a process of its own, watched.

In come a ref and a model, then calls as data; out come events while one is drawn, and what it made. Batches, the
studio and the service stand on this.

    choosing.py     which pipeline is meant, through the gate, as an entry of a lock; never loads torch
    providing.py    code and weights of an entry on another machine
    locked.py       what a process is told to load, and loading it
    quiet.py        libraries that say nothing but errors
    state.py        what components were like, so that no call leaves anything to another
    watching.py     a call whose steps are told and that stops when it is told to
    process.py      the parent's side of a process that draws, ``answering.py`` the other
    refusals.py     errors as data

Open ``choosing.py`` for what may be named as a pipeline, ``watching.py`` for where a call can be stopped.
"""
