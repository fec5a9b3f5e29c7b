"""The words for one call, and what an answer means."""
