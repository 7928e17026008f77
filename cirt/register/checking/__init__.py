"""What was found in a text, looked over by a person: kept, ignored or left for later, one by one, by kind, or all."""
