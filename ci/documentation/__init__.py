"""Checks of the documentation, and the site that is made of it."""
