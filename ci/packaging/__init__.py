"""Packages as they are published."""
