"""A service: pipelines that others call over HTTP, one at a time each, from a line that is bounded.

In come refs and a model, then requests of anybody; out come pictures, films, sounds, or why there are none. This
process never loads torch and executes no code of a repository; processes draw, or a Ray cluster does.

    choosing.py     which pipelines, each as exactly as a lock says it
    worker.py       the process that draws: all pipelines, over one set of weights where they have the same
    offered.py      one pipeline as its callers see it, told by its loaded class; ``schema.py`` as a JSON schema
    bodies.py       from bytes of a request to values and pictures, and ``limits.py`` to what is too much
    calls.py        a call as data, which becomes the arguments of the pipeline's ``__call__``
    jobs.py         one call that was accepted; ``line.py`` who is drawn next, what is kept and for how long
    refusals.py     every error as a status and words without paths of this machine
    routes.py       what can be asked for; ``openai.py`` as clients of OpenAI ask; ``replies.py`` what is answered
    guard.py        who may ask at all; ``patience.py`` for how long
    app.py          all of it as one ASGI application; ``server.py`` runs it
    on_ray.py       replicas of a Ray cluster in place of processes

Open ``limits.py`` for a new limit, ``guard.py`` for who may ask, ``bodies.py`` for a new kind of input, ``worker.py``
for what a call is.
"""
