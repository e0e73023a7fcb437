FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bridge ./bridge
COPY mappings ./mappings
RUN python -m venv /opt/bridge \
 && /opt/bridge/bin/pip install --no-cache-dir --constraint constraints.txt ".[postgres]"

FROM python:3.13-slim
RUN groupadd --system --gid 10001 bridge \
 && useradd --system --uid 10001 --gid bridge --no-create-home --home-dir /data bridge \
 && install --directory --owner bridge --group bridge --mode 0700 /data
COPY --from=build /opt/bridge /opt/bridge
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BRIDGE_HOST=0.0.0.0 \
    BRIDGE_PORT=8080 \
    BRIDGE_DATABASE_URL=sqlite:////data/bridge.db
WORKDIR /data
VOLUME /data
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8080
# Past any proxy of the environment; an answer other than 2xx is an exception, hence status 1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['BRIDGE_PORT'] + ('/' + os.environ.get('BRIDGE_BASE_PATH', '').strip('/')).rstrip('/') + '/health/live', timeout=4)"]
ENTRYPOINT ["goto-scim-bridge"]
CMD ["serve"]
