"""Talking to CalDAV servers: the account, the requests, and what servers answer in their own ways."""
