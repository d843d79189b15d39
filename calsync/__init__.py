"""calsync reads the calendar you keep and reminds you to follow up with people you met."""

__version__ = "0.1.0"
