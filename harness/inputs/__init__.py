"""What may be sent, and with which values, for every suite."""
