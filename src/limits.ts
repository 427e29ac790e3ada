/**
 * Every bound in the program, in one table. `answer` is what a client sees when the bound is reached;
 * `docs/reference/limits.md` is generated from this table.
 */
interface Limit {
  value: number;
  unit: 'bytes' | 'ms' | 's' | 'count';
  what: string;
  answer: string;
}

export const limitTable = {
  maxBodyBytes: {
    value: 3 * 1024 * 1024,
    unit: 'bytes',
    what: 'Size of a request body.',
    answer: '413 RequestEntityTooLarge',
  },
  maxJsonDepth: {
    value: 100,
    unit: 'count',
    what: 'Nesting of a JSON or YAML body.',
    answer: '400 BadRequest',
  },
  maxYamlAliases: {
    value: 100,
    unit: 'count',
    what: 'Aliases resolved in one YAML body.',
    answer: '400 BadRequest',
  },
  maxYamlTokens: {
    value: 500_000,
    unit: 'count',
    what: 'Tokens of one YAML body (words, punctuation, white space); reading them blocks the server.',
    answer: '400 BadRequest',
  },
  maxYamlAliasCharacters: {
    value: 3 * 1024 * 1024,
    unit: 'count',
    what: 'Characters that the aliases of one YAML body may add to it.',
    answer: '400 BadRequest',
  },
  maxManifestFileBytes: {
    value: 32 * 1024 * 1024,
    unit: 'bytes',
    what: 'Size of one file that `tortie validate` reads.',
    answer: 'the file counts as unreadable: exit code 2',
  },
  maxManifestYamlTokens: {
    value: 3_000_000,
    unit: 'count',
    what: 'Tokens of one YAML document that `tortie validate` reads.',
    answer: 'an error of the document',
  },
  maxImportBytes: {
    value: 256 * 1024 * 1024,
    unit: 'bytes',
    what: 'Size of what `tortie import` reads.',
    answer: 'nothing is imported: exit code 2',
  },
  movePageEntries: {
    value: 1_000,
    unit: 'count',
    what: 'Objects that `tortie export` and `tortie migrate` read at once.',
    answer: '-',
  },
  movesInFlight: {
    value: 32,
    unit: 'count',
    what: 'Writes that `tortie import` and `tortie migrate` have under way at once.',
    answer: '-',
  },
  maxStrictErrors: {
    value: 100,
    unit: 'count',
    what: 'Unknown and duplicate fields reported for one object.',
    answer: 'the rest is left out',
  },
  maxFieldErrors: {
    value: 500,
    unit: 'count',
    what: 'Field errors reported for one object.',
    answer: 'the rest is left out',
  },
  maxPatternInstructions: {
    value: 20_000,
    unit: 'count',
    what: 'Instructions that a pattern of a schema becomes.',
    answer: 'the schema is refused when it is first used',
  },
  maxPatternStates: {
    value: 1_000,
    unit: 'count',
    what: 'States kept of the automaton of one pattern.',
    answer: 'they are dropped and made again as needed',
  },
  maxJsonPatchOperations: {
    value: 10_000,
    unit: 'count',
    what: 'Operations of one JSON patch.',
    answer: '413 RequestEntityTooLarge',
  },
  maxJsonPatchCopyBytes: {
    value: 3 * 1024 * 1024,
    unit: 'bytes',
    what: 'Bytes that the copy operations of one JSON patch may add.',
    answer: '422 Invalid',
  },
  maxSelectorBytes: {
    value: 64 * 1024,
    unit: 'bytes',
    what: 'Length of a label or field selector.',
    answer: '400 BadRequest',
  },
  maxSelectorRequirements: {
    value: 1_000,
    unit: 'count',
    what: 'Requirements of one label or field selector.',
    answer: '400 BadRequest',
  },
  maxObjectBytes: {
    value: 1_500_000,
    unit: 'bytes',
    what: 'Size of one stored object.',
    answer: '413 RequestEntityTooLarge',
  },
  maxPatchAttempts: {
    value: 100,
    unit: 'count',
    what: 'Times that a write is tried again when the object, or another one that it depends on, has changed meanwhile.',
    answer: '409 Conflict',
  },
  maxReleasePasses: {
    value: 100,
    unit: 'count',
    what: 'Times that a delete of an IPPool looks for block affinities to give back.',
    answer: '409 Conflict',
  },
  releasesInFlight: {
    value: 32,
    unit: 'count',
    what: 'Block affinities that a delete of an IPPool gives back at once.',
    answer: 'the rest waits',
  },
  retireSettleMs: {
    value: 500,
    unit: 'ms',
    what: 'Time between disabling an IPPool that is deleted and giving back its blocks, in which assignments under way can finish.',
    answer: '-',
  },
  maxGenerateNameAttempts: {
    value: 8,
    unit: 'count',
    what: 'Names tried for one generateName.',
    answer: '409 AlreadyExists, Retry-After 1',
  },
  maxReadRequestsInFlight: {
    value: 400,
    unit: 'count',
    what: 'get and list requests at once (--max-requests-inflight); system:masters is exempt.',
    answer: '429, Retry-After 1',
  },
  maxMutatingRequestsInFlight: {
    value: 200,
    unit: 'count',
    what: 'Mutating requests at once (--max-mutating-requests-inflight); system:masters is exempt.',
    answer: '429, Retry-After 1',
  },
  maxWatchers: {
    value: 20_000,
    unit: 'count',
    what: 'Watch streams open at once.',
    answer: '429 TooManyRequests, Retry-After 5',
  },
  maxWatchBufferBytes: {
    value: 4 * 1024 * 1024,
    unit: 'bytes',
    what: 'Unread bytes of one watch stream.',
    answer: 'the stream is ended; the client resumes',
  },
  watchHistoryMs: {
    value: 5 * 60_000,
    unit: 'ms',
    what: 'Age up to which changes can be resumed from.',
    answer: '410 Expired',
  },
  maxWatchHistoryEvents: {
    value: 100_000,
    unit: 'count',
    what: 'Changes of one kind kept to resume from; older ones go even within watchHistoryMs.',
    answer: '410 Expired',
  },
  maxStoredHistoryEvents: {
    value: 500_000,
    unit: 'count',
    what: 'Changes of all kinds kept in the embedded store; older ones go even within watchHistoryMs.',
    answer: '410 Expired',
  },
  maxWatchHistoryBytes: {
    value: 64 * 1024 * 1024,
    unit: 'bytes',
    what: 'Bytes of changes of one kind kept to resume from; older ones go even within watchHistoryMs.',
    answer: '410 Expired',
  },
  bookmarkIntervalMs: {
    value: 60_000,
    unit: 'ms',
    what: 'Time between bookmarks of one watch.',
    answer: '-',
  },
  minWatchSeconds: {
    value: 1_800,
    unit: 's',
    what: 'Shortest life of a watch without timeoutSeconds; the longest is twice this.',
    answer: 'the stream ends cleanly',
  },
  futureRevisionWaitMs: {
    value: 3_000,
    unit: 'ms',
    what: 'Time that a read waits for a resourceVersion not yet reached.',
    answer: '504 Timeout, cause ResourceVersionTooLarge',
  },
  requestTimeoutMs: {
    value: 60_000,
    unit: 'ms',
    what: 'Time of any request but a watch (--request-timeout).',
    answer: '504 Timeout',
  },
  maxHeaderBytes: { value: 64 * 1024, unit: 'bytes', what: 'Size of the request headers.', answer: '431' },
  maxHeaderPairs: {
    value: 2_000,
    unit: 'count',
    what: 'Headers of one request; kube-apiserver sends one for each group of the user.',
    answer: 'the stream is reset',
  },
  maxStreamsPerConnection: {
    value: 1_000,
    unit: 'count',
    what: 'HTTP/2 streams at once on one connection (--http2-max-streams-per-connection).',
    answer: 'the client waits',
  },
  streamResetBurst: {
    value: 20_000,
    unit: 'count',
    what: 'HTTP/2 streams of one connection that may be cancelled at once: a client that restarts cancels all its watches.',
    answer: 'the connection is closed',
  },
  streamResetsPerSecond: {
    value: 2_000,
    unit: 'count',
    what: 'HTTP/2 streams of one connection that may be cancelled a second, beyond the burst.',
    answer: 'the connection is closed',
  },
  maxRejectedStreams: {
    value: 10_000,
    unit: 'count',
    what: 'HTTP/2 streams of one connection that may be refused before it is given up.',
    answer: 'the connection is closed',
  },
  streamWindowBytes: {
    value: 256 * 1024,
    unit: 'bytes',
    what: 'Body bytes of one HTTP/2 stream that may be on the way.',
    answer: 'the client waits',
  },
  connectionWindowBytes: {
    value: 16 * 1024 * 1024,
    unit: 'bytes',
    what: 'Body bytes of one HTTP/2 connection that may be on the way.',
    answer: 'the client waits',
  },
  maxSessionMemoryBytes: {
    value: 1024 * 1024 * 1024,
    unit: 'bytes',
    what: 'Memory of one HTTP/2 connection: kube-apiserver brings all clients and watches over a single one.',
    answer: 'new streams are refused',
  },
  keepAliveTimeoutMs: {
    value: 120_000,
    unit: 'ms',
    what: 'Time that an idle HTTP/1.1 connection is kept; Go clients reuse one for 90 s.',
    answer: 'the connection is closed',
  },
  headersTimeoutMs: {
    value: 32_000,
    unit: 'ms',
    what: 'Time in which the headers of an HTTP/1.1 request must arrive.',
    answer: '408',
  },
  healthCheckTimeoutMs: {
    value: 5_000,
    unit: 'ms',
    what: 'Time of one health check.',
    answer: 'the check has failed',
  },
  unreadBodyGraceMs: {
    value: 5_000,
    unit: 'ms',
    what: 'Time in which a client must stop sending a body that has been answered already.',
    answer: 'the stream is closed',
  },
  endedWatchGraceMs: {
    value: 30_000,
    unit: 'ms',
    what: 'Time in which a client must take the rest of a watch that has ended.',
    answer: 'the stream is reset',
  },
  gzipMinBytes: { value: 128 * 1024, unit: 'bytes', what: 'Smallest body that is compressed.', answer: '-' },
  reviewTimeoutMs: {
    value: 10_000,
    unit: 'ms',
    what: 'Time of one TokenReview or SubjectAccessReview.',
    answer: '500',
  },
  reviewCacheMs: {
    value: 10_000,
    unit: 'ms',
    what: 'Age up to which the answer of a review is used.',
    answer: '-',
  },
  maxReviewCacheEntries: { value: 10_000, unit: 'count', what: 'Answers of reviews kept.', answer: '-' },
  reviewTotalMs: {
    value: 30_000,
    unit: 'ms',
    what: 'Time of one TokenReview or SubjectAccessReview with all its retries.',
    answer: '500',
  },
  maxReviewsInFlight: {
    value: 500,
    unit: 'count',
    what: 'Reviews of each sort under way at once; requests that ask the same share one.',
    answer: '429 TooManyRequests, Retry-After 1',
  },
  maxReviewCacheKeyBytes: {
    value: 10_000,
    unit: 'bytes',
    what: 'Length of what a SubjectAccessReview asks for, up to which its answer is kept.',
    answer: '-',
  },
  maxPeerCertificates: {
    value: 10,
    unit: 'count',
    what: 'Certificates that a client may send, and length of a chain up to the authority.',
    answer: '401 Unauthorized',
  },
  maxChainSignatureChecks: {
    value: 32,
    unit: 'count',
    what: 'Signatures checked to find one chain from a client certificate to an authority.',
    answer: '401 Unauthorized',
  },
  filePollMs: {
    value: 10_000,
    unit: 'ms',
    what: 'Time between looks at certificate and CA files, beside the notices of the file system.',
    answer: '-',
  },
  clusterRequestTimeoutMs: {
    value: 30_000,
    unit: 'ms',
    what: 'Time of one request to kube-apiserver, watches apart.',
    answer: 'tried again, or 500',
  },
  maxClusterConnections: {
    value: 32,
    unit: 'count',
    what: 'Connections to kube-apiserver kept for requests; each watch has one more of its own.',
    answer: 'the request waits',
  },
  maxClusterResponseBytes: {
    value: 64 * 1024 * 1024,
    unit: 'bytes',
    what: 'Size of one answer of kube-apiserver, or of one line of a watch.',
    answer: '500',
  },
  maxClusterRetries: {
    value: 4,
    unit: 'count',
    what: 'Times that a request to kube-apiserver is tried again.',
    answer: 'the last error',
  },
  maxRetryAfterMs: {
    value: 10_000,
    unit: 'ms',
    what: 'Longest wait that a Retry-After of kube-apiserver is honoured for.',
    answer: '-',
  },
  trustReadMs: {
    value: 60_000,
    unit: 'ms',
    what: 'Time between reads of extension-apiserver-authentication, beside its watch.',
    answer: '-',
  },
  trustGraceMs: {
    value: 5 * 60_000,
    unit: 'ms',
    what: 'Time that the authorities of a deleted extension-apiserver-authentication are still trusted.',
    answer: '401 Unauthorized',
  },
  drainTimeoutMs: {
    value: 60_000,
    unit: 'ms',
    what: 'Time that running requests get at shutdown.',
    answer: 'the connection is closed',
  },
} as const satisfies Record<string, Limit>;

type Limits = { [name in keyof typeof limitTable]: number };

export const limits: Limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, limit]) => [name, limit.value]),
) as Limits;
