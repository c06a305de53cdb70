# syntax=docker/dockerfile:1
# Shop: a static program in an image without anything else. Written by: fasterapi gen dockerfile

FROM golang:1.27.4 AS build
WORKDIR /src
COPY go.mod go.su[m] ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# docker build --build-arg VERSION=1.2.3 sets the variable version of package main, where it has one.
ARG VERSION=dev
# docker build --build-arg TAGS=a,b builds with these build tags.
ARG TAGS=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build CGO_ENABLED=0 go build -trimpath -tags="${TAGS}" -ldflags="-s -w -X main.version=${VERSION}" -o /out/app ./cmd/shop

FROM busybox:1.37-musl AS tools

FROM scratch
# Certificates to call others over TLS, time zones, a folder for uploads, and one program that asks for the health.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
COPY --from=tools --chown=65532:65532 /tmp /tmp
COPY --from=tools /bin/busybox /bin/wget
COPY --from=build /out/app /app
ENV ZONEINFO=/zoneinfo.zip PORT=8080
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/app"]
