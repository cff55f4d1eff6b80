"""How much of what documents state is read right, and how far a provider's confidence can be believed."""
