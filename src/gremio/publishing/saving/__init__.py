"""From pipelines and components in memory to folders that can be published: weights, index, code. Imports torch.

In comes an object; out comes a folder that loads anywhere (``save.py``), or a commit (``push.py``).

    pipeline, component, modular    one kind of object each
    class_code                      where the code of a class lies, whoever imported it and however
    extraction                      a class of a notebook or script, cut out as a module
    diffusers_saving                diffusers' own saving, reached past ``gremio.install()``
    whole_folder                    a folder that is written whole or not at all
"""
