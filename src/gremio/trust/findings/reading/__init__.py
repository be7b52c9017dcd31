"""Names followed to what they mean, in all files of a tree at once, and what runs while they are imported.

In come parsed files; out come ``Use`` values, each a place with the absolute name of what is meant there.

    source, scopes, program       a file; what its names are bound to; all files, laid out
    values, constants             what an expression may mean; text that is put together
    names                         resolves, remembers, and gives up in time
    expressions, members, calls   what each kind of expression means
    use, walk                     places: statements (``walk``), expressions (``mentions``), texts (``texts``)
    uses                          all of them, and what runs at import
"""
