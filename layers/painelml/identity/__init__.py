"""People and their sessions: sign-up, login, tokens, roles and what each role may do."""
