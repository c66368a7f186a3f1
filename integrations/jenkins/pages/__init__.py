"""What the pages of Jenkins show. Nothing here asks a Jenkins: pages answer from what is known."""
