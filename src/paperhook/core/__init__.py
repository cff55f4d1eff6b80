"""The words that all providers share: documents, jobs, events, results, and the steps between them."""
