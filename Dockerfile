# The image of pagehaul: the binary, its shared libraries and loader, CA certificates and time zones on nothing. No shell,
# no package manager, one numeric user; works with a read-only root.
#
#   docker build -t pagehaul .        # or buildah, podman; `make image` builds and tests it
#   docker buildx build --platform linux/amd64,linux/arm64 -t pagehaul .
#
# It is compiled on the builder's own architecture whatever the image is for: nothing below names one, and nothing is emulated.

# The base by its digest, so that a rebuild starts from the same bytes. It is published as bookworm-20260918-slim (Docker's record of
# official images: docker-library/repo-info, repos/debian/remote/bookworm-20260918-slim.md). A newer one is told by
#   docker buildx imagetools inspect debian:bookworm-slim --format '{{.Manifest.Digest}}'
ARG BASE=debian:bookworm-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251

FROM --platform=${BUILDPLATFORM} ${BASE} AS build
# What the image is for; a builder that does not tell builds for itself.
ARG TARGETARCH
WORKDIR /src
COPY tests/support/deps.sh tests/support/
RUN bash tests/support/deps.sh "build:${TARGETARCH}" && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY src src
COPY deploy/cross.cmake deploy/
# A cache folder of the builder, where it has one, makes the second build quick. It tells compilations apart by their locale as well.
RUN --mount=type=cache,id=pagehaul-ccache,target=/ccache \
    export CCACHE_DIR=/ccache CCACHE_BASEDIR=/src CCACHE_NOHASHDIR=1 LANG=C.UTF-8 && \
    cmake --preset release -DPAGEHAUL_TESTS=OFF --toolchain deploy/cross.cmake && \
    cmake --build --preset release --target pagehaul && \
    ccache --show-stats && \
    cmake --install build/release --strip --prefix /image/usr
# What the loader needs, to where it looks for it; the NSS modules that glibc opens by name are part of libc since 2.34.
# OpenSSL looks for cert.pem in its own folder, libpq is told the bundle's path: both find the same file.
COPY deploy/libraries.sh deploy/
RUN set -eu; \
    mkdir -p /image/etc/ssl/certs /image/usr/lib/ssl /image/usr/share /image/tmp; \
    chmod 1777 /image/tmp; \
    libraries=$(bash deploy/libraries.sh /image/usr/bin/pagehaul); \
    for library in $libraries; do \
        mkdir -p "/image${library%/*}"; \
        cp -L "$library" "/image$library"; \
    done; \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    cp -L /etc/os-release /image/etc/os-release; \
    ln -s /etc/ssl/certs/ca-certificates.crt /image/usr/lib/ssl/cert.pem; \
    cp -a /usr/share/zoneinfo /image/usr/share/; \
    rm -rf /image/usr/share/zoneinfo/right /image/usr/share/zoneinfo/posix; \
    echo 'hosts: files dns' >/image/etc/nsswitch.conf; \
    echo 'pagehaul:x:65532:65532::/:/usr/sbin/nologin' >/image/etc/passwd; \
    echo 'pagehaul:x:65532:' >/image/etc/group
ARG BASE
ARG REVISION=unknown
COPY deploy/sbom.sh deploy/
RUN bash deploy/sbom.sh /image build/release "${BASE}" "${REVISION}"

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pagehaul" \
      org.opencontainers.image.description="Pulls a paginated REST API into Postgres, with a proof that nothing is missing" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
COPY LICENSE /usr/share/doc/pagehaul/LICENSE
USER 65532:65532
ENTRYPOINT ["/usr/bin/pagehaul"]
CMD ["--help"]
