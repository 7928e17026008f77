"""Attachments as they came, hashed and kept in the database."""
