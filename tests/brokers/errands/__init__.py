"""Jobs that do what a test asks for."""
