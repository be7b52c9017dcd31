"""To the Hub, in one commit.

In come a publication, the text of its card and a ``Target``; out comes ``Pushed``: the commit and its tag.

    target     where, what lies there now, and the options of a publish
    changes    what is sent, what is there already, what goes
    upload     the commit and the tag
    errors     what can go wrong on the way, each with the way on
"""
