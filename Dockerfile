# The one image: the shop, its admin commands and its jobs, in every environment. Built by `make image`.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/bookstore
COPY requirements/build.txt requirements/app.txt requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements/build.txt \
 && /opt/build/bin/pip --python /opt/bookstore/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
      --requirement requirements/app.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
RUN /opt/build/bin/pip --python /opt/build/bin/python wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/bookstore/bin/python install --no-cache-dir --no-deps --no-index /dist/*.whl
# Babel carries a thousand locales, a third of the image; the shop speaks two (app/bookstore/i18n).
RUN find /opt/bookstore/lib/python3*/site-packages/babel/locale-data -name '*.dat' ! -name 'en*' ! -name 'de*' ! -name root.dat -delete

FROM ${BASE}
ARG VERSION
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bookstore" \
      org.opencontainers.image.description="A Flask bookstore for Kubernetes" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The base leaves out its standard library's bytecode (docker-library/python#615), and nobody can write it later: each
# process would compile what it imports, half a second at its start.
RUN python3 -m compileall -q -x '/(test|idlelib|ensurepip|turtledemo|site-packages)/' "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')"
COPY --from=build /opt/bookstore /opt/bookstore
# What `bookstore conformance` holds the installed packages to.
COPY requirements/app.txt /opt/bookstore/requirements.txt
ENV PATH=/opt/bookstore/bin:$PATH \
    HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /opt/bookstore
# A number, so that Kubernetes can tell that it is not root without reading /etc/passwd.
USER 10001:10001
EXPOSE 8000 9000
ENTRYPOINT ["bookstore"]
CMD ["serve"]
