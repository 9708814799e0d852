"""`make bench`: what a no-change drift preview costs, against an empty program's."""
