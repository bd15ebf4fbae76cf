"""What readers see and do: a training step as a page, and the mistakes that one makes when writing it."""
