"""calsync over HTTP: the feeds, the links in reminders, and the page. Only ``calsync serve`` imports it."""
