"""The model card: the author's own text and metadata, and a part that says how to use what lies there.

In come a publication and the card that is there; out comes the text of the new one.

    card              joins the two (``card``)
    metadata          the YAML at the head: what the author wrote stays, what is missing is filled in
    task              the Hub's name of what a pipeline does
    text              our part: what it is, how to use it, what it needs, where it came from
    usage             the lines of Python in it
    recorded_files    which files an earlier publish noted as its own
"""
