"""Who is asking, from where, in which module: the seeds' request context, for HTTP, WebSocket and Celery alike."""
