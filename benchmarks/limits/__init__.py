"""What the rate limits cost and how well they are used; see the modules for what and why."""
