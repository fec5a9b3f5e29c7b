"""How large, deep and long what we read may be, in one place, and the readers that hold to it."""
