"""The nightly sync: when it is due, and who on this machine starts it."""
