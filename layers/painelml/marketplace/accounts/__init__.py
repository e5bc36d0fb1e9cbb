"""Connected sellers: connecting, tokens, routes and schedules."""
