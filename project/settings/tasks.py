"""The broker, the workers, and what is sent to them by itself."""

import os
from typing import Any

from project.core import redis_url
from project.settings.house import TIME_ZONE, env
from project.settings.redis import REDIS_PREFIX

CELERY_BROKER_URL = redis_url.for_broker(env.CELERY_BROKER_URL or env.REDIS_URL or "memory://localhost/")
EMBEDDED_BROKER = CELERY_BROKER_URL.startswith("memory")
BROKER_SECONDS = 2.0  # for each step; only threads of their own wait for a broker, never a request
CELERY_TASK_TIME_LIMIT = 1500  # below RabbitMQ's 30 minutes for a message nobody acknowledges
BROKER_OPTIONS: dict[str, dict[str, Any]] = {
    "memory": {"polling_interval": 0.05},
    "redis": {
        "global_keyprefix": f"{REDIS_PREFIX}:",
        # longer than any task runs: sooner, a message would be given to a second worker beside the first
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
        # look often, and each time, for what a dead worker held
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 2,
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": BROKER_SECONDS,
        "health_check_interval": 10,  # a worker's line that died without a word is noticed after twice as long
        "max_retries": 0,  # of a connection to publish on; a worker's own are tried for ever
    },
    "amqp": {
        "confirm_publish": True,  # what a broker lost on its way is an error, not a silence
        # else closing a connection would wait for ever for a broker's last word
        "read_timeout": BROKER_SECONDS,
        "write_timeout": BROKER_SECONDS,
        "max_retries": 0,
    },
}
CELERY_BROKER_TRANSPORT_OPTIONS = next(
    options for scheme, options in BROKER_OPTIONS.items() if CELERY_BROKER_URL.startswith(scheme)
)
CELERY_BROKER_CONNECTION_TIMEOUT = BROKER_SECONDS
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker or scheduler that gave up would be alive and deaf
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_HEARTBEAT = 10  # RabbitMQ: a line that died without a word is noticed within half a minute
# once, at once: the connection may be one that a restarted broker has forgotten
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CELERY_TASK_DEFAULT_QUEUE = REDIS_PREFIX  # exchange and routing key follow; a shared RabbitMQ knows no other prefix
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = (
    None  # no results, so nothing to clean up: else each scheduler adds a task for it, two at once the same
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
WORKER_CONCURRENCY = env.WORKER_CONCURRENCY or max(2, os.cpu_count() or 1)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its exchange has no prefix: one installation could stop another's workers
# a row's lease, not the message, says whose a job is; cutting half an import because the broker blinked helps nobody
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "project.scheduler:Scheduler"

_EVERY: dict[str, float] = {
    "core.sweep": 10,
    "accounts.close_run_out": 60,
    "accounts.rotate_keys": 60,
    "accounts.purge": 21_600,
    "realtime.end_lost_watches": 60,
    "realtime.purge": 3600,
    "sheets.purge": 3600,
    "sms.drain": 10,
    "sms.look": 20,
    "sms.watch": 600,
    "sms.purge": 21_600,
    "sms.forget_codes": 21_600,
    "jenkins.refresh": env.JENKINS_REFRESH_SECONDS,
    "jenkins.run_due": 20,
    "jenkins.expire": 60,
    "jenkins.purge": 21_600,
}
"""Which task is sent how often, in seconds."""
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # one that nobody took in its time is not wanted any more: the next has been sent
    task: {"task": task, "schedule": float(seconds), "options": {"expire_seconds": min(seconds, 3600)}}
    for task, seconds in _EVERY.items()
}
