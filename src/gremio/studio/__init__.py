"""The studio: a page in the browser where anybody can find a community pipeline, see what it is, and try it.

In come a ref, a model, and what people put into forms; out come pictures, films, sounds, and the command that makes
the same ones.

Open ``gremio.running.form`` for what an argument is shown as.
"""
