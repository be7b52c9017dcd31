"""The process that draws: reads orders from stdin, one JSON object a line, and tells on stdout what becomes of them.

    {"do": "draw", "id": 3, "order": {…}}      {"id": 3, "event": "told", "told": {"what": "step", …}}
    {"do": "cancel", "id": 3}                  {"id": 3, "event": "drawn" | "failed" | "cancelled", …}

What a pipeline prints goes to stderr. When the parent hangs up, this process ends.
"""
