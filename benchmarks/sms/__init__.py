"""What text messages cost: a campaign's rows, the sending of them, and what kills do to it."""
