"""Chats: how they are kept, and how they are answered."""
