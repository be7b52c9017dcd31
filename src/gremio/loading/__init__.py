"""From approved code to a pipeline. Imports torch where a pipeline is made.

In come a model, a ref for code, and arguments of ``from_pretrained``; out comes an instance of the community class
itself, an ordinary diffusers pipeline.

    modules       executes approved code, once per process, from the bytes that were hashed; nothing else does
    components    what a model index names: checked, chosen, found, staged for diffusers' own loading
    pipelines     ``DiffusionPipeline``, the only joiner of the two
    modular       ``ModularPipeline`` and blocks, each component from its own place

Open ``pipelines/from_pretrained.py`` and ``joining.py`` to follow a load, ``pipelines/from_pipe.py`` for sharing,
``modules/loader.py`` for how bytes become a module, ``components/index.py`` for what a model index may say,
``components/refusal.py`` and ``pipelines/guarded.py`` for what other files may not do, ``modular/finding.py`` for where
a modular pipeline takes a component from.
"""
