"""Whether what was published loads, in clean processes, and is what was meant.

In come a repository at its commit and the facts of what was meant; out comes a ``Proof``, with one attempt by Gremio
and one by plain diffusers.

    proving, proof      has it loaded and compares; what the attempts came to
    loads, exchange     the processes and their environment; what they are told and answer
    child               one load, in its own process: imports torch
    facts               what can be said of an object in one process and compared in another
    object_facts        the facts of an object in memory; ``weight_digests.py`` for its tensors
    cache               proofs of before, which stay good while nothing changes that they depend on
"""
