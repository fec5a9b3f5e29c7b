"""The console commands, one module a group; each is imported only when it is asked for."""
