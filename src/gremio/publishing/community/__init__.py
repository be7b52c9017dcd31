"""What Diffusers' own community folder asks for, for who brings a pipeline there with a pull request on GitHub.

In comes the code of one pipeline; out come its file, a row and a section for the folder's README, and notes
(``entry.py``); ``snippet.py`` writes the lines that call it.
"""
