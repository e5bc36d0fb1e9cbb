"""Conversations with buyers after the sale. Reading them never marks anything as read."""
