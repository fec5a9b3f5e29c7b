"""What is hidden from everything that is written, and how files are written."""
