"""The platform put together: which implementation stands behind which port."""
