"""Show it to people: the only room that prints or reads arguments."""
