"""Who becomes a member of a collection: asked by one lead with a preview, decided by another; removed at once."""
