"""Community code by digest: ``gremio_code.<digest>.<module>``.

Nothing lies here. Importing this package puts Gremio's finder in place, so that a worker process can unpickle a class
that another process of this machine loaded.
"""

from gremio.loading.modules.finder import CodeFinder

__path__ = []

CodeFinder.install()
