"""The course is run: every block of every chapter, and every link in it."""
