"""The code of classes, laid out and spelled so that it loads from a repository.

In come the classes with the trees that they lie in (``Piece``); out come files by path in the repository, and for each
class the module that an index names (``bundle.py``).

    travelling_files       which files of a tree go along with a class
    placing                where each goes, and by which name
    import_spelling        import statements, spelled for that place
    for_plain_diffusers    what plain diffusers needs besides, and what it can't load at all
"""
