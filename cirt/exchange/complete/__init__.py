"""Is everything here that a peer offers? Its manifest is compared with what we hold, and what is missing asked for again."""
