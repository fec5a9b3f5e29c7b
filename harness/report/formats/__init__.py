"""The report in other formats, one module each."""
