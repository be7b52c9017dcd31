"""A thousand calls: from a file of rows to a folder of files and a manifest, whatever interrupts it.

In come rows, a pipeline and where to put things; out come files, and a line for each row. This process reads, checks
and writes, and never loads torch; workers draw.

    jobs            files and folders, read as rows; the grid
    calls.py        from a row to the arguments of a call: which column is what
    plan.py         all of it, checked; what two runs of one job have in common
    manifest.py     what is done with, on the disk
    delivery.py     files first, then their lines
    targets.py      where files go; ``remote.py`` anything that fsspec writes to
    workers.py      processes that draw (``worker.py``), each with a ``Drawer`` (``drawing.py``)
    on_ray.py       a cluster that draws
    batch.py        ``gremio.batch``, which joins them

Open ``jobs/reading.py`` for a new kind of file, ``targets.py`` for a new kind of place, ``events.py`` for what another
way to draw has to tell.
"""
