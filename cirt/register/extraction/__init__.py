"""What observables look like in text, and what looks like one and is none; ``cirt.register.extract`` puts it together."""
