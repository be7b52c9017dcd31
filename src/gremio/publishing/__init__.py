"""From a folder or an object to a repository that anyone can load, in one commit, and the proof that it does.

In comes an author's folder, or a pipeline or component in memory; out comes a commit, with the code of every class,
an index that names it, a card, and a report of what a clean process loaded. Nothing of an author's folder is executed
here, and torch is loaded only in ``saving`` and in the processes of the proof.

    folder, saving      read into a ``Publication`` (``publication.py``): a folder; an object in memory
    code, index.py      the code, laid out and spelled so that it loads where it lands
    card, secrets       the model card; what must not travel
    upload, proof       one commit; loaded and compared in clean processes
    publish.py          ``gremio.publish``, which joins them; ``preview.py`` shows what it would do
    starting            ``gremio new``
    community           what Diffusers' own folder asks for
    install.py          ``gremio.install()``: loading and saving in place of diffusers' own
"""
