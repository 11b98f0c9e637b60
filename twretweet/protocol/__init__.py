"""The API as data and pure functions: what to send, what a reply means, whether to try again.

Nothing here waits, reads a clock or opens a socket.
"""
