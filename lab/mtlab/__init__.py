"""mtlab - the lab's own package; one noun a module."""
