"""Where the catalogue's entries come from: one module a kind of place, each of which says what it has now.

place       the port: a plan of items, each with a stamp that changes when it does
community   Diffusers' community folder, by its mirror
hub         repositories on the Hub that say they bring code
folder      a folder on this machine
approved    what was approved here and lies in none of the others
"""
