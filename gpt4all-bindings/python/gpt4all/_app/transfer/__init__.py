"""Chats as files of other formats, out and in."""
