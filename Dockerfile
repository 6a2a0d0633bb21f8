# Leporello in a container: docker build -t leporello .
# For several platforms: docker buildx build --platform linux/amd64,linux/arm64 -t leporello .
# Nothing runs under emulation: the program is JavaScript, and npm is told for which platform to fetch the one native module.

ARG NODE=24.21.0-bookworm-slim

FROM --platform=$BUILDPLATFORM node:${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
RUN npm run build && mkdir /data

FROM --platform=$BUILDPLATFORM node:${NODE} AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# set by the builder; a default here would win over what it sets
ARG TARGETPLATFORM
RUN case "$TARGETPLATFORM" in \
      linux/amd64) cpu=x64 ;; \
      linux/arm64 | linux/arm64/v8) cpu=arm64 ;; \
      *) echo "no native module for '$TARGETPLATFORM': linux/amd64 and linux/arm64 are supported" >&2; exit 1 ;; \
    esac \
    && npm ci --omit=dev --ignore-scripts --os=linux --cpu="$cpu" --libc=glibc

FROM node:${NODE}
WORKDIR /opt/leporello
COPY package.json openapi.yaml ./
COPY schemas schemas
COPY migrations migrations
COPY assets assets
COPY --from=packages /src/node_modules node_modules
COPY --from=build /src/build/src build/src
# the embedded store, and tarballs in a local directory; a volume takes its owner from here
COPY --from=build --chown=1000:1000 /data /data
VOLUME /data

ARG COMMIT=
# on every address of the container; that is why `serve` asks for LEPORELLO_PUBLIC_URL, the address outside
ENV NODE_ENV=production \
    LEPORELLO_COMMIT=${COMMIT} \
    LEPORELLO_HOST=0.0.0.0 \
    LEPORELLO_DATA=/data
EXPOSE 8888
# "node" of the base image, as a number: Kubernetes' runAsNonRoot cannot look names up
USER 1000:1000
# node is process 1 and handles SIGTERM itself: it finishes the requests under way and ends with status 0
ENTRYPOINT ["node", "build/src/main.js"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const { LEPORELLO_PORT: port = 8888, LEPORELLO_PREFIX: prefix = '', LEPORELLO_TLS_CERT: tls } = process.env; if (tls) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`${tls ? 'https' : 'http'}://127.0.0.1:${port}${prefix}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
