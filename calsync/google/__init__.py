"""Talking to Google: whose account, what it may do, the sign-in, and the service that answers."""
