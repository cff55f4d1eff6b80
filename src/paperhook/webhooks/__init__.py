"""From a delivery to a handler: signatures, the receiver's pipeline, and the router."""
