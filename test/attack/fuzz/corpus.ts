/** What once broke something, or nearly: every run begins with it. */

/** Bytes for a new HTTP/1.1 connection. */
export const lines: { what: string; bytes: string }[] = [
  { what: 'a version that ended the process', bytes: 'GET /version HTTP/2.0\r\nHost: x\r\n\r\n' },
  { what: 'the same, with a path that is refused', bytes: 'GET /x HTTP/2.0\r\nHost: x\r\n\r\n' },
  { what: 'a CONNECT that was not answered', bytes: 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n' },
  { what: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  {
    what: 'two lengths',
    bytes: 'POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  },
  {
    what: 'a length beside chunks',
    bytes:
      'POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n',
  },
  {
    what: 'a handshake without its key',
    bytes: 'GET /version HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  },
];
