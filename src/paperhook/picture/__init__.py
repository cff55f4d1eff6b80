"""Pages of documents for people to look at: a picture of each, with the fields drawn where they stand."""
