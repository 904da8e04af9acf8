"""Questions of the records office: identity, rights and decisions, and nothing of learning."""
