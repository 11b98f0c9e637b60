"""How much money may be spent: reserved before a request is sent, settled on what came back."""

from twretweet.budget.account import AnyBudget, Reservation
from twretweet.budget.memory import Budget

__all__ = ["AnyBudget", "Budget", "Reservation"]
