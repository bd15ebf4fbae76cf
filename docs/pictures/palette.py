"""The course's colours: the same thing has the same one in all pictures."""

# Colours that are seen on white and on black alike; the cards' ground is white in both.
INK, MUTED, PAPER = "#1f2430", "#7a8194", "#ffffff"
BLUE, ORANGE, GREEN, RED, VIOLET = "#2f6fde", "#e07b1a", "#2a9d5c", "#d1435b", "#8457c8"
