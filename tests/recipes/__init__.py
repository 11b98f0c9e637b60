"""What to do with events: each module is a recipe to copy, and a test runs it."""
