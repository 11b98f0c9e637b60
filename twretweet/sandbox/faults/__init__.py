"""Making trouble on purpose: what can go wrong, when it does, and how it is done."""
