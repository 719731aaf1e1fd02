// Placeholder while the target is empty.
