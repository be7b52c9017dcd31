"""The page itself, made of Gradio's components, which are imported nowhere else.

words.py        what it says, in each language
markup.py       what is plain markup: cards, results, history
controls.py     a form's controls as components
desk.py         from a pressed button to a job in the line
page.py         all of it put together
"""
