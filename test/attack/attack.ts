/** A certificate and its key, PEM. */
export interface Credential {
  cert: string;
  key: string;
}

/** What an attack knows of the server. It is plain data, so that a thread of its own can have it. */
export interface Target {
  url: string;
  ca: string;
  pid: number;
  credentials: {
    /** A member of system:masters. */
    admin: Credential;
    /** A user whom the cluster allows everything, and who is no administrator. */
    user: Credential;
    /** A kube-apiserver: its X-Remote-User is believed. */
    frontProxy: Credential;
  };
}

/** What an attack counted, by name, for the report and for its own expectations. */
export type Counts = Record<string, number>;

export interface Attack {
  name: string;
  /** Credentials that it takes. */
  as: 'anonymous' | 'token' | 'user' | 'front proxy';
  /** Stores what the attack needs. Its time does not count. */
  prepare?(target: Target): Promise<void>;
  /** Goes on until the signal; then it gives up what it holds. */
  run(target: Target, signal: AbortSignal): Promise<Counts>;
  /** Throws when the server did not answer, or cut off, what it has to. */
  expect?(counts: Counts): void;
}

export const networkSets = (namespace: string) =>
  `/apis/projectcalico.org/v3/namespaces/${namespace}/networksets`;
