"""A document becomes words with boxes, and words become fields, in a process of its own."""
