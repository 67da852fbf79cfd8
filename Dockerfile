# The gateway as an image: built with the project's pinned toolchain, run as nobody on a small Debian.
#
#     docker build -t scim-gateway .
#     docker run --read-only -p 8080:8080 -v ./config.toml:/etc/scim-gateway/config.toml:ro scim-gateway
#
# In a container the configuration listens on 0.0.0.0, not on loopback.

FROM rust:1.95-bookworm AS build
# One dependency (zlib-ng) is built by cmake; the notices are written by Python.
RUN apt-get update -qq \
    && apt-get install -qq --no-install-recommends cmake python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist \
    && install -D --mode=0755 target/dist/scim-gateway /out/usr/bin/scim-gateway
# The licences of what it bundles.
RUN mkdir -p /out/doc \
    && .ci/notices > /out/doc/NOTICES \
    && cp LICENSE-MIT LICENSE-APACHE /out/doc/

FROM debian:bookworm-slim
# The authorities that upstreams' certificates are held against.
RUN apt-get update -qq \
    && apt-get install -qq --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/doc /usr/share/doc/scim-gateway
COPY --from=build /out/usr/bin/scim-gateway /usr/bin/scim-gateway
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# Bash speaks enough HTTP: nothing else has to be in the image for this.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["/usr/bin/scim-gateway"]
CMD ["run", "--config", "/etc/scim-gateway/config.toml"]
