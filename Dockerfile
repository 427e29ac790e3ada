# Builds the bundle, then puts it and Node's binary into an image with no shell and no package manager.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/bundle.ts

FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /src/dist /app
# Writable only where a volume is mounted; the root file system can be read-only.
VOLUME /var/lib/tortie
# Few arenas, and large blocks given back when they are freed: else malloc keeps what was freed resident.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENV NODE_ENV=production TORTIE_DATA_DIR=/var/lib/tortie TORTIE_BIND_ADDRESS=0.0.0.0
EXPOSE 5443
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "/app/tortie.mjs"]
CMD ["serve"]
