/**
 * A sequence of requests that is sent to both servers. It is plain data, so that it can be generated, shrunk and
 * printed. In paths, queries, headers and bodies `{{name}}` stands for a value of an earlier answer of the same
 * server: `{{rv:a}}` and `{{uid:a}}` are the latest of the object `a`, `{{old:a}}` is the first resourceVersion seen of
 * it, `{{list}}` the resourceVersion of the last list, `{{continue}}` its token; what a step saves has the name it
 * gives. `{{ns}}` is the namespace of the run.
 */
export interface Sequence {
  title: string;
  steps: Step[];
  /** Waits for time to pass, and so is asked over one protocol only. */
  slow?: true;
}

export type Step = Call | Watch;

/** One request with one answer. */
export interface Call {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  path: string;
  query?: string;
  headers?: Record<string, string>;
  /** Sent as it is when it is text, else as JSON. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Names for fields of the answer: `{ first: 'metadata.continue' }`. */
  save?: Record<string, string>;
  /** Asks for a WebSocket by these headers in place of what a client would send, over HTTP/1.1 in any case. */
  handshake?: Record<string, string>;
}

/**
 * A stream of events that stays open until the last step is done, and then until it tells of a last object that is made
 * for it (the fence), or ends by itself.
 */
export interface Watch {
  watch: string;
  path: string;
  query?: string;
  accept?: string;
  headers?: Record<string, string>;
  /** Asks for a WebSocket, over HTTP/1.1 in any case. */
  webSocket?: true;
  /** Waits for the end of the stream in place of a fence. */
  untilEnd?: boolean;
  /** The name of the fence object; a watch of one name has that name. */
  fence?: string;
  /** Labels of the fence, so that a selector sees it. */
  fenceLabels?: Record<string, string>;
}

export const isWatch = (step: Step): step is Watch => 'watch' in step;

export const base = '/apis/projectcalico.org/v3';

/** The path of a collection in the namespace of the run, or of an object in it. */
export function inNamespace(plural: string, name?: string, subresource?: string): string {
  return [`${base}/namespaces/{{ns}}/${plural}`, name, subresource].filter(Boolean).join('/');
}

/** The path of a cluster-scoped collection, or of an object in it. */
export function inCluster(plural: string, name?: string, subresource?: string): string {
  return [`${base}/${plural}`, name, subresource].filter(Boolean).join('/');
}

/** Fills the values of earlier answers into a text. One that is not known stays as it is. */
export function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{([^{}]+)\}\}/g, (whole, name: string) => values.get(name) ?? whole);
}
