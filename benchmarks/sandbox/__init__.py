"""What the sandbox stands: requests a second, memory, its start, and storms of faults."""
