"""What Jenkins is asked for, and how long people wait: against the simulated Jenkins of the tests."""
