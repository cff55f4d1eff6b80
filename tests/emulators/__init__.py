"""The four wires once more, written from the vendors' documentation alone and in another taste than `paperhook.simulator`.

The simulator and the client come from one reading of the documents. Here every choice that the documents leave open is
taken otherwise: members left out or null, numbers as text, members nobody knows, other words for a status, answers in any
form that HTTP allows.
"""
