"""Signing people in and out: the flows of :mod:`twretweet.auth`, sent and kept."""

from twretweet.sign_in.service import SignIn
from twretweet.sign_in.shelf import SignedIn

__all__ = ["SignIn", "SignedIn"]
