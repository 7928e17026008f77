"""Letters to peers about recalls: made ready, sent by a person's click, reminded of by themselves, never doubled."""
