"""Python source as syntax: parsed, its imports listed, its files laid out as modules. Nothing is executed."""
