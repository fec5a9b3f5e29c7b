"""`init`: the settings file of a connector, from its files and from the app's own answer."""
