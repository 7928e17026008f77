"""Days of several instances in one process: time, network and people are simulated, the instances are real."""
