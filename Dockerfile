# syntax=docker/dockerfile:1
FROM python:3.11-slim AS packages
WORKDIR /app
COPY requirements.txt requirements-tencent.txt constraints.txt ./
# what else it should have, for example requirements-tencent.txt
ARG REQUIREMENTS=requirements.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile -r requirements.txt -r "$REQUIREMENTS" \
 && /opt/venv/bin/pip uninstall --yes --quiet pip

FROM python:3.11-slim
RUN groupadd --system --gid 10001 gatehouse \
 && useradd --system --uid 10001 --gid gatehouse --home-dir /var/lib/gatehouse gatehouse \
 && install -d -o gatehouse -g gatehouse -m 0700 /var/lib/gatehouse
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY project project/
COPY accounts accounts/
COPY integrations integrations/
COPY realtime realtime/
COPY templates templates/
COPY static static/
COPY locale locale/
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GATEHOUSE_ENV=prod \
    GATEHOUSE_HOME=/var/lib/gatehouse \
    HOST=0.0.0.0 \
    PORT=8000
# compiled once, here: the account below may not write to either
RUN ["python", "-m", "compileall", "-q", "/opt/venv/lib", "/app"]
USER 10001:10001
# a first start finds its static files; the settings are for this step alone
RUN GATEHOUSE_ENV=prod SECRET_KEY=nothing-is-signed-while-static-files-are-collected-0000 ALLOWED_HOSTS=localhost \
    EMAIL_URL=smtp://localhost python -c "from project import asgi, boot; boot.collect_static(print)"
VOLUME /var/lib/gatehouse
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "project.healthcheck"]
ENTRYPOINT ["python", "manage.py", "up"]
CMD ["--no-demo"]
