"""Parts that need another package; each says which when it is imported."""
