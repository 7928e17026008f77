"""Proposals, collections, each reader's feed, the ledger, recall."""
