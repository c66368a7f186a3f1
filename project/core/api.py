"""The API's manners: the error envelope, pagination, strict JSON."""
